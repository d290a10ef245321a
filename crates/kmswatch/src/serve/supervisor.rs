//! Whoever started the service, and wants to hear how it is: systemd, over the socket of `sd_notify(3)`.

use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// Without one, nobody is told anything.
#[derive(Debug, Default)]
pub(crate) struct Supervisor {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// The supervisor that the environment tells of, for the process with the number `pid`.
    ///
    /// # Errors
    /// Where there should be one and it can't be reached.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<OsString>, pid: u32) -> io::Result<Self> {
        let Some(place) = variable("NOTIFY_SOCKET").filter(|place| !place.is_empty()) else {
            return Ok(Supervisor::default());
        };
        let number = |name: &str| variable(name)?.to_str()?.parse::<u64>().ok();
        // A child inherits the variables, but isn't the one that is waited for.
        let is_ours = number("WATCHDOG_PID").is_none_or(|watched| watched == u64::from(pid));
        let watchdog = number("WATCHDOG_USEC").filter(|time| is_ours && *time > 0).map(Duration::from_micros);
        Ok(Supervisor { socket: Some(connected(&place)?), watchdog })
    }

    /// How often [`Supervisor::alive`] must be called at least, if at all: twice as often as the supervisor demands.
    pub(crate) fn watchdog(&self) -> Option<Duration> {
        self.watchdog.map(|time| time / 2)
    }

    /// The service does what it is there for.
    pub(crate) fn ready(&self) -> io::Result<()> {
        self.tell("READY=1")
    }

    /// What it does, in one line that `systemctl status` shows.
    pub(crate) fn status(&self, line: &str) -> io::Result<()> {
        self.tell(&format!("STATUS={}", line.replace(char::is_control, " ")))
    }

    /// It hasn't got stuck.
    pub(crate) fn alive(&self) -> io::Result<()> {
        self.tell("WATCHDOG=1")
    }

    /// It was asked to end, and does.
    pub(crate) fn stopping(&self) -> io::Result<()> {
        self.tell("STOPPING=1")
    }

    fn tell(&self, message: &str) -> io::Result<()> {
        let Some(socket) = &self.socket else { return Ok(()) };
        socket.send(message.as_bytes()).map(drop)
    }
}

/// A place that begins with `@` isn't in the file system.
fn connected(place: &OsString) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    match place.to_str().and_then(|place| place.strip_prefix('@')) {
        Some(name) => socket.connect_addr(&abstract_address(name)?)?,
        None => socket.connect(PathBuf::from(place))?,
    }
    // Nothing waits for a supervisor that doesn't listen.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &str) -> io::Result<std::os::unix::net::SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    std::os::unix::net::SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &str) -> io::Result<std::os::unix::net::SocketAddr> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supervisor(place: &str, more: &[(&str, &str)], pid: u32) -> io::Result<Supervisor> {
        let variable = |name: &str| match name {
            "NOTIFY_SOCKET" => Some(OsString::from(place)),
            _ => more.iter().find(|(other, _)| *other == name).map(|(_, value)| OsString::from(value)),
        };
        Supervisor::of(variable, pid)
    }

    fn heard(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_supervisor_hears_how_the_service_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let supervisor = supervisor(path.to_str().unwrap(), &[], 1).unwrap();
        supervisor.ready().unwrap();
        supervisor.status("two\nlines").unwrap();
        supervisor.alive().unwrap();
        supervisor.stopping().unwrap();
        let all: Vec<String> = (0..4).map(|_| heard(&socket)).collect();
        assert_eq!(all, ["READY=1", "STATUS=two lines", "WATCHDOG=1", "STOPPING=1"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_supervisor_may_be_outside_of_the_file_system() {
        let name = format!("kmswatch-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&abstract_address(&name).unwrap()).unwrap();
        supervisor(&format!("@{name}"), &[], 1).unwrap().ready().unwrap();
        assert_eq!(heard(&socket), "READY=1");
    }

    #[test]
    fn who_has_no_supervisor_tells_nobody() {
        let supervisor = Supervisor::of(|_| None, 1).unwrap();
        supervisor.ready().unwrap();
        assert_eq!(supervisor.watchdog(), None);
    }

    #[test]
    fn a_supervisor_that_is_not_there_is_an_error() {
        assert!(supervisor("/nowhere/notify", &[], 1).is_err());
    }

    #[test]
    fn the_watchdog_is_fed_twice_as_often_as_it_must() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let _socket = UnixDatagram::bind(&path).unwrap();
        let place = path.to_str().unwrap();
        let time = ("WATCHDOG_USEC", "30000000");
        let watchdog = |more: &[_], pid| supervisor(place, more, pid).unwrap().watchdog();
        assert_eq!(watchdog(&[time], 7), Some(Duration::from_secs(15)));
        assert_eq!(watchdog(&[time, ("WATCHDOG_PID", "7")], 7), Some(Duration::from_secs(15)));
        assert_eq!(watchdog(&[time, ("WATCHDOG_PID", "8")], 7), None);
        assert_eq!(watchdog(&[], 7), None);
    }
}
