//! What can be asked of `kmswatch serve`. The texts here are the help.
//!
//! Values are read as those of the settings of the same name (`crate::settings`), so a mistake is said in the same words.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::template::TemplateArguments;

/// What stands below the options.
pub(crate) const HELP: &str = "\
Settings come from kmswatch.toml, the environment (KMSWATCH_…) and these options; the later wins.
docs/settings.md describes all of them.

Exit status: 0 it was ended; 1 it was ended, and not everything could be finished in time: that is done after the next
start; 2 wrong arguments or settings, or it could not run; 130 it was told twice to end.
SIGHUP reads settings and template again.

Examples:
  kmswatch serve --demo
  kmswatch serve --trail /var/log/cloudtrail --smtp smtps://mail.example.com --mail-to you@example.com
  KMSWATCH_MAIL_PASSWORD=… kmswatch serve --config /etc/kmswatch/kmswatch.toml";

/// Arguments of the subcommand.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeArguments {
    /// Where kmswatch keeps its state [default: kmswatch-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// A folder that log files come into (may be repeated) [default: cloudtrail, if it is there]
    #[arg(long, value_name = "DIR")]
    pub(crate) trail: Vec<PathBuf>,

    /// Where a trail is read from when it is followed for the first time: `now`, `beginning`, a date or a time
    /// [default: beginning]
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,

    /// Try it out: a trail that is written as you watch, with an attack after ten seconds
    #[arg(long, conflicts_with = "trail")]
    pub(crate) demo: bool,

    /// When alarms are judged: `eager`, or `cloudwatch` for its own cadence [default: eager]
    #[arg(long, value_name = "WHEN")]
    pub(crate) evaluation: Option<String>,

    /// What `*` in a pattern means: `glob`, or `leftmost` for what AWS was seen to do in 2019 [default: glob]
    #[arg(long, value_name = "HOW")]
    pub(crate) wildcards: Option<String>,

    /// Address and port of status, metrics and pushed records; port 0 takes a free one [default: 127.0.0.1:8625]
    #[arg(long, value_name = "ADDRESS", help_heading = "HTTP")]
    pub(crate) listen: Option<String>,

    /// Let other machines connect without TLS
    #[arg(long, help_heading = "HTTP")]
    pub(crate) insecure_listen: bool,

    /// The mail server: smtps://HOST or smtp://HOST; without one, mails are files in the outbox
    #[arg(long, value_name = "URL", help_heading = "Mail")]
    pub(crate) smtp: Option<String>,

    /// Who gets all notifications, whatever their topic (may be repeated)
    #[arg(long, value_name = "ADDRESS", help_heading = "Mail")]
    pub(crate) mail_to: Vec<String>,

    /// Who sends
    #[arg(long, value_name = "ADDRESS", help_heading = "Mail")]
    pub(crate) mail_from: Option<String>,

    /// How kmswatch writes what it does to standard error: `text` or `json` [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Log")]
    pub(crate) log: Option<String>,

    /// What of it is written: `error`, `warn`, `info`, `debug` or `trace` [default: info]
    #[arg(long, value_name = "LEVEL", help_heading = "Log")]
    pub(crate) log_level: Option<String>,

    /// The template with metric filters and alarms [default: the built-in one]
    #[arg(long = "template", value_name = "FILE", help_heading = "Template")]
    pub(crate) template_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) template: TemplateArguments,
}

impl ServeArguments {
    /// The options that set what `kmswatch.toml` can set as well, each with what was given, but for those of the template's
    /// surroundings, `--from` and `--mail-to`.
    pub(crate) fn given(&self) -> Vec<(&'static str, Vec<OsString>)> {
        let paths = |paths: &[PathBuf]| paths.iter().map(|path| path.clone().into_os_string()).collect();
        let path = |path: &Option<PathBuf>| paths(path.as_slice());
        let text = |text: &Option<String>| text.iter().map(OsString::from).collect();
        let yes = |yes: bool| if yes { vec![OsString::from("true")] } else { Vec::new() };
        let mut all = vec![
            ("--data", path(&self.data)),
            ("--trail", paths(&self.trail)),
            ("--evaluation", text(&self.evaluation)),
            ("--wildcards", text(&self.wildcards)),
            ("--listen", text(&self.listen)),
            ("--insecure-listen", yes(self.insecure_listen)),
            ("--smtp", text(&self.smtp)),
            ("--mail-from", text(&self.mail_from)),
            ("--log", text(&self.log)),
            ("--log-level", text(&self.log_level)),
            ("--template", path(&self.template_file)),
        ];
        all.retain(|(_, values): &(_, Vec<OsString>)| !values.is_empty());
        all
    }
}
