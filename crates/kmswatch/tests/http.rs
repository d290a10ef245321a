//! Does the service's door let in what it should, and nothing else?

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use support::service::{Answer, BOUND, Place, Service, agent, gzip, log_file, read_all, record};

/// What an answer to a push must be.
fn expect(answer: &Answer, status: u16, records: u64, matches: u64) {
    let found = answer.json();
    assert_eq!(
        (answer.status, &found["records"], &found["matches"]),
        (status, &json!(records), &json!(matches)),
        "{answer:?}"
    );
    assert_eq!(found["problems"].as_array().unwrap().is_empty(), status == 200, "{answer:?}");
}

fn total(service: &Service, name: &str) -> u64 {
    service.status()["totals"][name].as_u64().unwrap_or_default()
}

#[test]
fn records_come_in_many_forms_and_count_once() {
    let place = Place::new();
    let service = place.start(&[]);
    expect(&service.push(log_file(0..3)), 200, 3, 3);
    expect(&service.push(gzip(log_file(0..3))), 200, 3, 3);
    let told = service.post("/v1/records", &gzip(log_file(0..3)), &[("Content-Encoding", "gzip")]);
    expect(&told, 200, 3, 3);
    expect(&service.push(format!("{}\n{}\n", record(3), record(4))), 200, 2, 2);
    expect(&service.push(format!("[{}]", record(4))), 200, 1, 1);
    let wrapped = json!({ "events": [{ "message": record(5) }] }).to_string();
    expect(&service.push(wrapped), 200, 1, 1);
    expect(&service.push(record(6).replace("AccessDenied", "DryRunOperation")), 200, 1, 0);
    expect(&service.push(r#"{"Records":[]}"#), 200, 0, 0);
    assert_eq!(place.evidence(), 6);
    assert_eq!(total(&service, "matches") - total(&service, "repeats"), 6);
    service.end();
}

#[test]
fn what_is_wrong_is_said_and_the_rest_taken() {
    let place = Place::new();
    let service = place.start(&[]);
    for strange in ["hello", "{}", "[1,2]", "\u{0}\u{1}", r#"{"Records":3}"#] {
        expect(&service.push(strange), 400, 0, 0);
    }
    expect(&service.push(""), 400, 0, 0);
    let told = service.post("/v1/records", record(0).as_bytes(), &[("Content-Encoding", "gzip")]);
    expect(&told, 400, 0, 0);
    assert!(told.body.contains("isn't gzip"), "{}", told.body);
    let told = service.post("/v1/records", record(0).as_bytes(), &[("Content-Encoding", "br")]);
    assert_eq!(told.status, 415, "{told:?}");
    assert_eq!(place.evidence(), 0);
    // What is readable counts: AWS's own pipeline wouldn't lose it either.
    expect(&service.push(format!("{}\n{{\"eventName\":\n{}\n", record(1), record(2))), 400, 2, 2);
    let whole = gzip(log_file(3..200));
    let cut = service.push(&whole[..whole.len() - 20]);
    assert_eq!(cut.status, 400, "{cut:?}");
    assert!(cut.body.contains("gzip data cut off"), "{cut:?}");
    let taken = cut.json()["records"].as_u64().unwrap();
    assert_eq!(place.evidence(), 2 + usize::try_from(taken).unwrap());
    let timeless = record(300).replace("eventTime", "eventTimes");
    expect(&service.push(timeless), 400, 1, 0);
    service.end();
}

#[test]
fn who_shows_no_token_is_refused() {
    let place = Place::new();
    let service = place.start(&[]);
    let long = log_file(0..20_000);
    for token in ["", "Bearer ", "Bearer 0000", "Basic dXNlcjpwYXNz", &service.token] {
        for (path, body) in [("/v1/records", long.as_str()), ("/v1/status", ""), ("/v1/outbox/1/retry", "")] {
            let url = format!("{}{path}", service.url);
            let answer = match path {
                "/v1/status" => agent().get(url).header("Authorization", token).call(),
                _ => agent().post(url).header("Authorization", token).send(body),
            };
            let answer = Answer::of(answer.unwrap());
            assert_eq!(answer.status, 401, "{token} {path}: {answer:?}");
            assert!(!answer.body.contains(&service.token));
        }
    }
    assert_eq!(total(&service, "records"), 0);
    service.end();
}

#[test]
fn a_token_may_be_chosen_and_is_shown_nowhere() {
    let place = Place::new();
    let mut service = place.start_with(place.command().env("KMSWATCH_HTTP_TOKEN", "correct horse"));
    service.token = "correct horse".to_owned();
    expect(&service.push(record(1)), 200, 1, 1);
    assert!(!service.log().contains("horse") && !service.get("/v1/status").body.contains("horse"));
    service.end();
}

#[test]
fn strange_requests_are_answered_or_cut_off() {
    let place = Place::new();
    let service = place.start(&[]);
    let bearer = service.bearer();
    let first = |request: String| service.raw(request).lines().next().unwrap_or_default().to_owned();
    let get =
        |path: &str| first(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    for path in
        ["/", "/nothing", "/../../etc/passwd", "/%2e%2e/", "/v1", "/v1/records/", "//metrics", "/%00", "/%ff"]
    {
        assert_eq!(get(path), "HTTP/1.1 404 Not Found", "{path}");
    }
    let retry = |id: &str| service.post(&format!("/v1/outbox/{id}/retry"), b"", &[]).status;
    assert_eq!(retry("x"), 404);
    assert_eq!(retry("-1"), 404);
    assert_eq!(retry("99999999999999999999999"), 404);
    assert_eq!(retry("1"), 409);
    assert_eq!(service.get("/v1/records").status, 405);
    assert_eq!(service.post("/metrics", b"", &[]).status, 405);
    let broken = [
        "nonsense\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n".to_owned(),
        format!("POST /v1/records HTTP/1.1\r\nAuthorization: {bearer}\r\nContent-Length: -1\r\n\r\n"),
        format!(
            "POST /v1/records HTTP/1.1\r\nAuthorization: {bearer}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
        ),
    ];
    for request in broken {
        let answer = first(request.clone());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{request}: {answer}");
    }
    let long = "x".repeat(1 << 20);
    let answer = first(format!("GET / HTTP/1.1\r\nX: {long}\r\n\r\n"));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many: String = (0..200).map(|number| format!("X{number}: 1\r\n")).collect();
    assert!(first(format!("GET / HTTP/1.1\r\n{many}\r\n")).starts_with("HTTP/1.1 431"));
    // The preface of HTTP/2.
    let preface = first("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned());
    assert!(preface.is_empty() || preface.starts_with("HTTP/1.1 4"), "{preface}");
    expect(&service.push(record(1)), 200, 1, 1);
    service.end();
}

#[test]
fn a_page_in_a_browser_learns_nothing() {
    let place = Place::new();
    let service = place.start(&[]);
    let ask = |path: &str, host: &str, more: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n");
        service.raw(request).split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(ask("/metrics", "localhost", ""), "200");
    assert_eq!(ask("/metrics", service.address(), ""), "200");
    // A name of the attacker's that leads to this machine.
    assert_eq!(ask("/metrics", "rebound.example", ""), "401");
    assert_eq!(ask("/metrics", "127.0.0.1.rebound.example", ""), "401");
    let token = format!("Authorization: {}\r\n", service.bearer());
    assert_eq!(ask("/metrics", "watch.example", &token), "200");
    assert_eq!(ask("/v1/status", "localhost", ""), "401");
    assert_eq!(ask("/healthz", "rebound.example", ""), "200");
    service.end();
}

#[test]
fn what_is_too_long_is_refused_before_and_while_it_comes() {
    let place = Place::new();
    let service = place.start_with(place.command().env("KMSWATCH_HTTP_MAX_BODY", "64KiB"));
    let long = log_file(0..1000);
    for answer in [
        service.push(&long),
        service.post("/v1/records", long.as_bytes(), &[("Transfer-Encoding", "chunked")]),
    ] {
        assert_eq!(answer.status, 413, "{answer:?}");
        assert!(answer.body.contains("at most 65536 bytes; send several"), "{answer:?}");
    }
    let longer = service.push("x".repeat(20 << 20));
    assert_eq!(longer.status, 413, "{longer:?}");
    // A client that asks first needn't send anything.
    let head = format!(
        "POST /v1/records HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n",
        service.bearer()
    );
    assert!(service.raw(head).starts_with("HTTP/1.1 413"));
    let inflates = gzip(log_file(0..3000));
    assert!(inflates.len() < 64 << 10, "{}", inflates.len());
    let answer = service.push(inflates);
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.body.contains("inflates to more than 524288 bytes"), "{answer:?}");
    assert_eq!(place.evidence(), 0);
    service.end();
}

/// The most memory that a process has had, in bytes.
fn peak(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn a_bomb_of_a_gigabyte_goes_off_nowhere() {
    let place = Place::new();
    let service = place.start_with(place.command().env("KMSWATCH_HTTP_MAX_BODY", "8MiB"));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(" ".repeat(32 << 20).as_bytes()).unwrap();
    let bomb = encoder.finish().unwrap().repeat(32);
    assert!(bomb.len() < 2 << 20, "{}", bomb.len());
    let answer = service.push(bomb);
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.body.contains("inflates to more than 67108864 bytes"), "{answer:?}");
    if cfg!(target_os = "linux") {
        let memory = peak(service.child.id());
        assert!(memory > 1 << 20 && memory < 256 << 20, "{memory} bytes of memory");
    }
    expect(&service.push(record(1)), 200, 1, 1);
    service.end();
}

#[test]
fn what_was_answered_is_there_after_a_kill() {
    let place = Place::new();
    let mut service = place.start(&[]);
    for round in 0..5 {
        expect(&service.push(log_file(round * 100..round * 100 + 100)), 200, 100, 100);
        service.kill();
        assert!(place.run_file().exists());
        service = place.start(&[]);
        assert_eq!(place.evidence(), usize::try_from(round + 1).unwrap() * 100);
        // Who heard nothing comes again.
        expect(&service.push(log_file(round * 100..round * 100 + 100)), 200, 100, 100);
        assert_eq!(place.evidence(), usize::try_from(round + 1).unwrap() * 100);
    }
    assert_eq!(total(&service, "matches") - total(&service, "repeats"), 500);
    service.end();
}

#[test]
fn the_same_records_from_many_clients_count_once() {
    let place = Place::new();
    let service = place.start(&[]);
    let body = gzip(log_file(0..500));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..4).for_each(|_| expect(&service.push(&body), 200, 500, 500)));
        }
    });
    assert_eq!(place.evidence(), 500);
    assert_eq!(total(&service, "matches"), 32 * 500);
    assert_eq!(total(&service, "repeats"), 31 * 500);
    service.end();
}

/// The head of a push, by hand.
fn head(service: &Service, length: usize) -> String {
    format!(
        "POST /v1/records HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
        service.bearer()
    )
}

#[test]
fn of_a_client_that_breaks_off_nothing_is_taken() {
    let place = Place::new();
    let service = place.start(&[]);
    let body = format!("{}\n{}\n", record(1), record(2));
    for part in [0, 10, body.len() / 2 + 10, body.len() - 1] {
        let mut stream = service.connect();
        stream.write_all(head(&service, body.len()).as_bytes()).unwrap();
        stream.write_all(&body.as_bytes()[..part]).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let answer = read_all(&mut stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{part}: {answer}");
    }
    assert_eq!(total(&service, "records"), 0);
    service.end();
}

#[test]
fn slow_clients_are_cut_off() {
    let place = Place::new();
    let service = place.start(&[]);
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(service.raw(""), ""));
        scope.spawn(|| {
            let answer = service.raw("GET /healthz HTTP/1.1\r\nHost: loc");
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
        });
        scope.spawn(|| {
            let answer = service.raw(head(&service, 1000) + "{");
            assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        });
    });
    service.end();
}

#[test]
fn connections_have_a_limit() {
    let place = Place::new();
    let mut service = place.start(&[]);
    let is_closed = |stream: &mut TcpStream| match stream.read(&mut [0]) {
        Ok(0) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
        Ok(_) => panic!("it speaks first"),
    };
    let mut open: Vec<TcpStream> = (0..300).map(|_| service.connect()).collect();
    open.iter().for_each(|stream| stream.set_nonblocking(true).unwrap());
    service.until("the last is refused", || is_closed(open.last_mut().unwrap()).then_some(()));
    assert!(!is_closed(&mut open[0]));
    drop(open);
    let address = service.address().to_owned();
    service.until("there is room again", || {
        let mut stream = TcpStream::connect(&address).ok()?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        read_all(&mut stream).starts_with("HTTP/1.1 200").then_some(())
    });
    service.end();
}

#[test]
fn who_pushes_too_much_at_once_is_told_to_come_again() {
    let place = Place::new();
    let mut command = place.command();
    command.env("KMSWATCH_HTTP_MAX_BODY", "4KiB").env("KMSWATCH_HTTP_MAX_QUEUE", "4KiB");
    let mut service = place.start_with(&mut command);
    let body = format!("{}\n{}{}", record(1), record(2), " ".repeat(3000));
    let mut slow = service.connect();
    slow.write_all(head(&service, body.len()).as_bytes()).unwrap();
    slow.write_all(&body.as_bytes()[..100]).unwrap();
    let (url, bearer, other) = (service.url.clone(), service.bearer(), body.replace("0001\"", "0003\""));
    let push = || {
        let answer = agent().post(format!("{url}/v1/records")).header("Authorization", &bearer).send(&other);
        Answer::of(answer.unwrap())
    };
    let answer = service.until("there is no room", || Some(push()).filter(|answer| answer.status != 200));
    assert_eq!(answer.status, 429, "{answer:?}");
    assert!(answer.retry_after.is_some());
    slow.write_all(&body.as_bytes()[100..]).unwrap();
    assert!(read_all(&mut slow).starts_with("HTTP/1.1 200"));
    expect(&push(), 200, 2, 2);
    service.end();
}

#[test]
fn a_request_that_has_begun_is_finished_when_the_service_ends() {
    let place = Place::new();
    let mut service = place.start(&[]);
    let body = record(1);
    let mut stream = service.connect();
    // The server asks for the body, so the request has begun.
    let asks = head(&service, body.len()).replace("Connection: close", "Expect: 100-continue");
    stream.write_all(asks.as_bytes()).unwrap();
    let mut go_on = [0; 12];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100");
    service.signal("-TERM");
    let run_file = place.run_file();
    service.until("it is ending", || (!run_file.exists()).then_some(()));
    stream.write_all(body.as_bytes()).unwrap();
    let answer = read_all(&mut stream);
    assert!(answer.contains("HTTP/1.1 200"), "{answer}");
    assert_eq!(service.ended().code(), Some(0), "{}", service.log());
    assert_eq!(place.evidence(), 1);
}

#[test]
fn prometheus_understands_the_metrics() {
    let Some(python) = std::env::var_os("KMSWATCH_PYTHON") else {
        eprintln!("left out: KMSWATCH_PYTHON isn't set; `cargo xtask test` sets it");
        return;
    };
    let place = Place::new();
    fs::create_dir(place.path().join("strange \"name\\")).unwrap();
    let service = place.start(&["--trail", "strange \"name\\"]);
    expect(&service.push(log_file(0..7)), 200, 7, 7);
    let metrics = service.get("/metrics").body;
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metrics.py");
    let mut child = std::process::Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(metrics.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{metrics}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["kmswatch_records_total"]["samples"], json!([[{}, 7]]), "{found}");
    assert_eq!(found["kmswatch_alarms"]["type"], "gauge");
    for (name, family) in found.as_object().unwrap() {
        assert!(name.starts_with("kmswatch_") && !family["help"].as_str().unwrap().is_empty(), "{name}");
    }
    service.end();
}

#[test]
fn who_listens_for_others_needs_tls_or_says_so() {
    let place = Place::new();
    let said = place.refused(&["--listen", "0.0.0.0:0"]);
    assert!(said.contains("http.tls_certificate"), "{said}");
    assert!(!place.data().exists());
    place.start(&["--listen", "0.0.0.0:0", "--insecure-listen"]).end();
}

#[test]
fn a_port_in_use_is_an_error_before_anything_is_done() {
    let place = Place::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let said = place.refused(&["--listen", &address]);
    assert!(
        said.contains(&format!("can't listen on {address}; choose another address with --listen")),
        "{said}"
    );
    assert!(!place.data().join("kmswatch.db").exists());
    assert!(!place.run_file().exists());
}

/// A certificate for this machine, in files.
fn certificate(place: &Place) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let write = |name: &str, text: &str| {
        let (new, path) = (place.path().join("new"), place.path().join(name));
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
    };
    write("certificate.pem", &made.cert.pem());
    write("key.pem", &made.signing_key.serialize_pem());
    CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap()
}

/// A connection to a server that has this certificate.
fn connect(
    service: &Service,
    certificate: &CertificateDer<'static>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), service.connect())
}

/// Asks for the status; the connection stays open.
fn ask(stream: &mut (impl Read + Write), service: &Service) -> std::io::Result<Value> {
    let request =
        format!("GET /v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n", service.bearer());
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body).unwrap())
}

#[test]
fn a_changed_certificate_is_used_and_no_connection_is_dropped() {
    let place = Place::new();
    let first = certificate(&place);
    let mut command = place.command();
    command.env("KMSWATCH_HTTP_TLS_CERTIFICATE", "certificate.pem").env("KMSWATCH_HTTP_TLS_KEY", "key.pem");
    command.args(["--listen", "0.0.0.0:0"]);
    let mut service = place.start_with(&mut command);
    assert!(service.url.starts_with("https://"), "{}", service.url);
    let port = service.url.rsplit_once(':').unwrap().1.to_owned();
    service.url = format!("https://127.0.0.1:{port}");
    let mut old = connect(&service, &first);
    assert_eq!(ask(&mut old, &service).unwrap()["troubles"], json!([]));

    fs::write(place.path().join("certificate.pem"), "no certificate").unwrap();
    let end = std::time::Instant::now() + BOUND;
    let trouble = loop {
        let troubles = ask(&mut old, &service).unwrap()["troubles"].to_string();
        if troubles != "[]" {
            break troubles;
        }
        assert!(std::time::Instant::now() < end);
    };
    assert!(trouble.contains("the changed certificate isn't used"), "{trouble}");
    ask(&mut connect(&service, &first), &service).unwrap();

    let second = certificate(&place);
    while ask(&mut connect(&service, &second), &service).is_err() {
        ask(&mut old, &service).unwrap();
        assert!(std::time::Instant::now() < end);
    }
    assert_eq!(ask(&mut old, &service).unwrap()["troubles"], json!([]));
    assert!(ask(&mut connect(&service, &first), &service).is_err());
    // Who doesn't speak TLS is nobody.
    assert!(!service.raw("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").contains("HTTP/1.1 200"));
    service.end();
}

#[test]
fn a_certificate_that_cannot_be_used_is_an_error_at_the_start() {
    let place = Place::new();
    certificate(&place);
    let key = fs::read(place.path().join("key.pem")).unwrap();
    certificate(&place);
    fs::write(place.path().join("key.pem"), key).unwrap();
    let mut command = place.command();
    command.env("KMSWATCH_HTTP_TLS_CERTIFICATE", "certificate.pem").env("KMSWATCH_HTTP_TLS_KEY", "key.pem");
    let output = command.output().unwrap();
    let said = support::service::said(&output);
    assert!(output.status.code() == Some(2) && said.contains("don't belong together"), "{said}");
}
