//! The mail as HTML: tables and inline styles, as mail programs want it, and nothing that has to be fetched.

use std::fmt::Write as _;

use crate::chart::Chart;
use crate::text::capital;
use crate::times::{day_and_minute, minute};
use crate::view::{Row, Tone, View};
use crate::words::{Fact, Line};

/// The Content-ID by which the HTML shows the chart.
pub(crate) const CHART_ID: &str = "chart";

const SANS: &str = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO: &str = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace";

/// Colours for dark screens; the inline ones are for light screens, and for mail programs that know no others.
const STYLE: &str = "\
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background:#0d1117!important}
.card{background:#161b22!important;border-color:#30363d!important}
.ink{color:#e6edf3!important}
.dim{color:#9da7b3!important}
.box{background:#0d1117!important;border-color:#30363d!important;color:#e6edf3!important}
.rule{border-color:#30363d!important}
a{color:#79b8ff!important}
}
@media (max-width:480px){
.pad{padding:10px 14px!important}
.label{width:74px!important}
}";

/// Writes a line; writing to a string doesn't fail.
macro_rules! line {
    ($html:expr, $($what:tt)*) => { let _ = writeln!($html, $($what)*); };
}

/// The whole document.
pub(crate) fn html(view: &View<'_>, domain: &str) -> String {
    let mut html = String::new();
    opening(view, &mut html);
    banner(view, &mut html);
    summary(view, &mut html);
    if let Some(chart) = &view.chart {
        picture(chart, domain, &mut html);
    }
    if let Some(about) = &view.about {
        line!(
            &mut html,
            "{CELL}<p style=\"margin:0;overflow-wrap:anywhere\">{}</p></td></tr>",
            escaped(about)
        );
    }
    if view.is_summary() {
        steps(view, &mut html);
        groups(view, &mut html);
    } else {
        groups(view, &mut html);
        steps(view, &mut html);
    }
    details(view, &mut html);
    footer(view, &mut html);
    html.push_str("</table>\n</td></tr>\n</table>\n</body>\n</html>\n");
    html
}

fn opening(view: &View<'_>, html: &mut String) {
    line!(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
    line!(html, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    line!(html, "<meta name=\"color-scheme\" content=\"light dark\">");
    line!(html, "<meta name=\"supported-color-schemes\" content=\"light dark\">");
    // Account numbers aren't telephone numbers.
    line!(
        html,
        "<meta name=\"format-detection\" content=\"telephone=no,date=no,address=no,email=no,url=no\">"
    );
    line!(html, "<title>{}: {}</title>", view.badge, escaped(&view.title));
    line!(html, "<style>\n{STYLE}\n</style>\n</head>");
    line!(html, "<body class=\"page\" style=\"margin:0;padding:0;background:#eef0f3\">");
    // What lists of mails show beside the subject.
    line!(html, "<div style=\"display:none;max-height:0;overflow:hidden\">{}</div>", escaped(&view.sentence));
    let table = "role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"";
    line!(html, "<table {table} class=\"page\" style=\"background:#eef0f3\">");
    line!(html, "<tr><td align=\"center\" style=\"padding:12px 8px\">");
    line!(
        html,
        "<table {table} class=\"card\" style=\"max-width:640px;background:#ffffff;border:1px solid #d1d9e0;border-radius:8px;\
         font-family:{SANS};font-size:15px;line-height:1.45\">"
    );
}

fn banner(view: &View<'_>, html: &mut String) {
    let colour = match view.tone {
        Tone::Bad => "#b42318",
        Tone::Good => "#1a7f37",
        Tone::Unsure => "#6e5a00",
    };
    line!(
        html,
        "<tr><td class=\"pad\" style=\"padding:14px 20px;background:{colour};border-radius:7px 7px 0 0;color:#ffffff\">"
    );
    line!(html, "<div style=\"font-size:13px;font-weight:700;letter-spacing:.06em\">{}</div>", view.badge);
    line!(
        html,
        "<div style=\"font-size:20px;font-weight:700;line-height:1.25;overflow-wrap:anywhere\">{}</div>",
        escaped(&view.title)
    );
    line!(html, "<div style=\"font-size:13px;opacity:.92\">{}</div>", escaped(&view.place));
    line!(html, "</td></tr>");
}

const CELL: &str = "<tr><td class=\"pad ink\" style=\"padding:10px 20px;color:#1f2328\">";

fn summary(view: &View<'_>, html: &mut String) {
    line!(html, "{CELL}");
    line!(
        html,
        "<p style=\"margin:4px 0 10px;font-size:17px;line-height:1.4;font-weight:600;overflow-wrap:anywhere\">{}</p>",
        escaped(&view.sentence)
    );
    if let Some(further) = &view.further {
        line!(html, "<p style=\"margin:0 0 10px;overflow-wrap:anywhere\">{}</p>", escaped(further));
    }
    facts(&view.facts, html);
    line!(html, "</td></tr>");
}

fn facts(facts: &[Fact], html: &mut String) {
    if facts.is_empty() {
        return;
    }
    line!(
        html,
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">"
    );
    for fact in facts {
        line!(
            html,
            "<tr><td class=\"dim label\" valign=\"top\" style=\"width:112px;padding:2px 10px 2px 0;font-size:13px;\
             color:#59636e\">{}</td>",
            fact.label
        );
        line!(
            html,
            "<td class=\"ink\" valign=\"top\" style=\"padding:2px 0;color:#1f2328;overflow-wrap:anywhere;word-break:break-word\">"
        );
        for line in &fact.lines {
            answer(line, html);
        }
        line!(html, "</td></tr>");
    }
    line!(html, "</table>");
}

fn answer(line: &Line, html: &mut String) {
    match line {
        Line::Words(words) => {
            line!(html, "<div>{}</div>", escaped(words));
        }
        Line::Name(name) => {
            line!(html, "<div style=\"font-family:{MONO};font-size:12px\">{}</div>", escaped(name));
        }
    }
}

fn picture(chart: &Chart<'_>, domain: &str, html: &mut String) {
    line!(html, "{CELL}");
    let threshold = chart.threshold().map(|threshold| format!(" ({threshold})")).unwrap_or_default();
    let dim = "class=\"dim\" style=\"margin:0 0 6px;font-size:13px;color:#59636e\"";
    line!(html, "<p {dim}>{}{}</p>", escaped(&chart.title()), escaped(&threshold));
    line!(
        html,
        "<img src=\"cid:{CHART_ID}@{domain}\" width=\"480\" alt=\"{}\" style=\"display:block;width:100%;max-width:480px;\
         height:auto;border:0\">",
        escaped(&chart.words())
    );
    let (start, end) = chart.span();
    line!(html, "<p {dim}>{} to {} UTC</p>", day_and_minute(start), minute(end));
    line!(html, "</td></tr>");
}

fn heading(words: &str, html: &mut String) {
    line!(html, "<h2 style=\"margin:6px 0 8px;font-size:15px;font-weight:700\">{words}</h2>");
}

fn groups(view: &View<'_>, html: &mut String) {
    if view.rows.is_empty() {
        return;
    }
    line!(html, "{CELL}");
    heading(view.heading, html);
    for row in &view.rows {
        group(row, html);
    }
    if let Some(rest) = &view.rest {
        line!(html, "<p class=\"dim\" style=\"margin:8px 0 0;color:#59636e\">{}</p>", escaped(rest));
    }
    line!(html, "</td></tr>");
}

fn group(row: &Row, html: &mut String) {
    line!(html, "<div class=\"rule\" style=\"border-top:1px solid #d1d9e0;padding:8px 0\">");
    line!(
        html,
        "<div style=\"font-weight:600;overflow-wrap:anywhere\">{}</div>",
        escaped(format!("{} {}", row.count, row.title).trim_start())
    );
    facts(&row.facts, html);
    line!(html, "</div>");
}

fn steps(view: &View<'_>, html: &mut String) {
    if view.steps.is_empty() {
        return;
    }
    line!(html, "{CELL}");
    heading("What to do next", html);
    line!(html, "<ol style=\"margin:0;padding:0 0 0 22px\">");
    for step in &view.steps {
        line!(html, "<li style=\"margin:0 0 10px\">{}", escaped(&step.text));
        for command in &step.commands {
            boxed(&command.in_lines(76), html);
        }
        line!(html, "</li>");
    }
    line!(html, "</ol>");
    if let Some(note) = &view.note {
        line!(html, "<p class=\"dim\" style=\"margin:0;font-size:13px;color:#59636e\">{}</p>", escaped(note));
    }
    line!(html, "</td></tr>");
}

fn boxed(text: &str, html: &mut String) {
    let _ = write!(
        html,
        "<pre class=\"box\" style=\"margin:6px 0;padding:8px 10px;background:#f6f8fa;border:1px solid #d1d9e0;border-radius:6px;\
         color:#1f2328;font-family:{MONO};font-size:12px;line-height:1.45;white-space:pre-wrap;overflow-wrap:anywhere\">"
    );
    line!(html, "{}</pre>", escaped(text));
}

fn details(view: &View<'_>, html: &mut String) {
    if view.block.is_empty() {
        return;
    }
    line!(html, "{CELL}");
    heading("Alarm details, as AWS writes them", html);
    boxed(view.block.trim_end(), html);
    line!(html, "</td></tr>");
}

fn footer(view: &View<'_>, html: &mut String) {
    line!(
        html,
        "<tr><td class=\"pad dim rule\" style=\"padding:14px 20px;border-top:1px solid #d1d9e0;font-size:13px;color:#59636e;\
         overflow-wrap:anywhere\">"
    );
    for (label, url) in &view.links {
        let (label, url) = (escaped(&capital(label)), escaped(url));
        line!(html, "<p style=\"margin:0 0 6px\"><a href=\"{url}\" style=\"color:#0550ae\">{label}</a></p>");
    }
    for line in &view.footer {
        line!(html, "<p style=\"margin:0 0 6px\">{}</p>", escaped(line));
    }
    line!(html, "</td></tr>");
}

/// Text as HTML, in elements as well as in attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
