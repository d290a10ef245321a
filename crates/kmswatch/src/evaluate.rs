//! `kmswatch evaluate`: what would CloudWatch say of these alarms and datapoints?

mod answer;
pub(crate) mod arguments;
mod children;
mod codes;
mod explain;
mod help;
mod limits;
mod lines;
mod metrics;
mod mistake;
mod properties;
mod question;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, bail};
use diagnostic::Source;
use json::{Buffer, Document};

use crate::report::page::Page;
use crate::report::write_value;
use crate::report::{TextOptions, escape};
use crate::{Exit, interrupt, output};
use arguments::EvaluateArguments;
pub(crate) use codes::ErrorCode;
use limits::{MAX_SHOWN, MAX_WARNINGS};
use lines::{Lines, Next};
use mistake::{Mistake, Mistakes, Refusal};

/// Bytes that are read and written at a time.
const CHUNK: usize = 64 << 10;

/// Runs the subcommand.
pub(crate) fn run(arguments: &EvaluateArguments) -> anyhow::Result<Exit> {
    let (input, name) = open(arguments.file.as_deref())?;
    let shown = !arguments.quiet && io::stderr().is_terminal();
    interrupt::watch(move || {
        if shown {
            output::note("interrupting… (Ctrl-C again ends it at once)");
        }
    })?;
    let mut out = BufWriter::with_capacity(CHUNK, io::stdout().lock());
    let mut session = Session::new(arguments, name);
    session.answer_all(&mut Lines::of(input), &mut out)?;
    out.flush()?;
    Ok(session.finish())
}

/// The input, and what it is called in messages.
fn open(path: Option<&Path>) -> anyhow::Result<(Box<dyn BufRead>, String)> {
    match path.filter(|path| path.as_os_str() != "-") {
        None if path.is_none() && io::stdin().is_terminal() => {
            bail!("nothing to read: name a file with a question a line, or send it to standard input")
        }
        None => Ok((Box::new(BufReader::with_capacity(CHUNK, io::stdin())), "standard input".to_owned())),
        Some(path) => {
            let name = escape::shown(&path.display().to_string());
            let file = File::open(path).with_context(|| format!("can't read {name}"))?;
            Ok((Box::new(BufReader::with_capacity(CHUNK, file)), name))
        }
    }
}

/// What is remembered from line to line.
struct Session<'a> {
    arguments: &'a EvaluateArguments,
    /// What the input is called.
    input: String,
    /// Lines read, blank ones too.
    line: u64,
    answered: u64,
    refused: u64,
    /// Warnings that were shown.
    warned: BTreeSet<String>,
    /// Columns of the terminal.
    width: usize,
    /// The memory of the last line's document.
    buffer: Buffer,
}

impl<'a> Session<'a> {
    fn new(arguments: &'a EvaluateArguments, input: String) -> Self {
        Self {
            arguments,
            input,
            line: 0,
            answered: 0,
            refused: 0,
            warned: BTreeSet::new(),
            width: output::width(),
            buffer: Buffer::default(),
        }
    }

    fn answer_all(&mut self, lines: &mut Lines<Box<dyn BufRead>>, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut line = Vec::new();
        while !interrupt::seen() {
            let next = lines.next(&mut line, out).with_context(|| self.input.clone())?;
            self.line += 1;
            match next {
                Next::End => break,
                Next::TooLong => self.refuse_whole(&line, mistake::too_long(), out)?,
                Next::Line => self.answer(without_mark(&line, self.line), out)?,
            }
        }
        Ok(())
    }

    fn answer(&mut self, line: &[u8], out: &mut dyn Write) -> anyhow::Result<()> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let document = match Document::parse_with(line, std::mem::take(&mut self.buffer)) {
            Ok(document) => document,
            Err((error, buffer)) => {
                self.buffer = buffer;
                return self.refuse_whole(line, mistake::not_json(line, error), out);
            }
        };
        let mut mistakes = Mistakes::default();
        match question::read(document.root(), &mut mistakes) {
            Some(question) => self.write(&question, out)?,
            None => {
                mistakes.sort();
                self.refuse(&mistakes, line, out)?;
            }
        }
        self.warn(&mistakes, line);
        self.buffer = document.into_buffer();
        Ok(())
    }

    fn write(&mut self, question: &question::Question, out: &mut dyn Write) -> io::Result<()> {
        if self.arguments.explain {
            explain::write(self.line, question, &mut self.page(out)?)?;
        } else {
            answer::write(self.line, question, out)?;
        }
        self.answered += 1;
        Ok(())
    }

    /// Where the explanation of a line is written, behind an empty line if it isn't the first.
    fn page<'o>(&self, out: &'o mut dyn Write) -> io::Result<Page<'o>> {
        let colour = output::colour(self.arguments.color);
        let mut page = Page::new(out, TextOptions { width: self.width, colour, ..TextOptions::default() });
        if self.answered + self.refused > 0 {
            page.blank()?;
        }
        Ok(page)
    }

    /// A line of which nothing can be read.
    fn refuse_whole(&mut self, line: &[u8], mistake: Mistake, out: &mut dyn Write) -> anyhow::Result<()> {
        let mistakes = Mistakes { errors: vec![mistake], ..Mistakes::default() };
        self.refuse(&mistakes, line, out)
    }

    /// The answer to a line that can't be evaluated; the mistakes are shown, too, unless there were many before.
    fn refuse(&mut self, mistakes: &Mistakes, line: &[u8], out: &mut dyn Write) -> anyhow::Result<()> {
        let text = String::from_utf8_lossy(line);
        let source = self.source(&text);
        match self.arguments.explain {
            true => explain::write_refusal(self.line, mistakes, &mut self.page(out)?)?,
            false => write_value(&Refusal::new(self.line, mistakes, &source), 0, out)?,
        }
        if self.refused < MAX_SHOWN && !self.arguments.quiet {
            let colour = output::colour_of_errors(self.arguments.color);
            for error in &mistakes.errors {
                output::note(&format!("{}\n", error.diagnostic.render(&source, colour)));
            }
            if mistakes.more > 0 {
                output::note(&format!("… and {} more in line {}\n", mistakes.more, self.line));
            }
        }
        self.refused += 1;
        Ok(())
    }

    /// Shows each kind of warning once.
    fn warn(&mut self, mistakes: &Mistakes, line: &[u8]) {
        if mistakes.warnings.is_empty() || self.arguments.quiet {
            return;
        }
        let text = String::from_utf8_lossy(line);
        for warning in &mistakes.warnings {
            let message = &warning.diagnostic.message;
            if self.warned.len() < MAX_WARNINGS && self.warned.insert(escape::shown(message)) {
                let colour = output::colour_of_errors(self.arguments.color);
                output::note(&format!("{}\n", warning.diagnostic.render(&self.source(&text), colour)));
            }
        }
    }

    fn source<'t>(&'t self, text: &'t str) -> Source<'t> {
        Source::file(text, &self.input).starting_at(usize::try_from(self.line).unwrap_or(usize::MAX))
    }

    fn finish(self) -> Exit {
        let hidden = self.refused.saturating_sub(MAX_SHOWN);
        if hidden > 0 && !self.arguments.quiet {
            output::error(&format!("{hidden} more lines couldn't be evaluated; their answers say why"));
        }
        if self.answered + self.refused == 0 && !interrupt::seen() && !self.arguments.quiet {
            output::error("there was no question to answer");
        }
        match (interrupt::seen(), self.refused) {
            (true, _) => Exit::Interrupted,
            (false, 0) => Exit::Done,
            (false, _) => Exit::Incomplete,
        }
    }
}

/// A file may begin with a byte order mark.
fn without_mark(line: &[u8], number: u64) -> &[u8] {
    line.strip_prefix("\u{feff}".as_bytes()).filter(|_| number == 1).unwrap_or(line)
}
