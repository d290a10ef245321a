//! A notification for Slack and what takes Slack's webhooks (Mattermost, Rocket.Chat, Discord with `/slack`).

use crate::advice::steps;
use crate::aws;
use crate::hostile::harmless;
use crate::many;
use crate::object::{Object, list};
use crate::story::Story;
use crate::text::capital;
use crate::view::View;
use crate::words::{Fact, Line};

/// How many characters a text, and the title, may have; Slack's own limits are 3,000 and 150.
const MAX_BLOCK: usize = 2_000;
const MAX_TITLE: usize = 140;
/// How many alarms of a summary are named.
const MAX_NAMES: usize = 20;
/// How many facts there may be; Slack's own limit is 10.
const MAX_FACTS: usize = 10;

/// The body of the webhook's request: `text` for all, and `blocks` for Slack.
#[must_use]
pub fn slack_body(story: &Story) -> String {
    let view = View::of(story);
    let title = aws::subject(story);
    let mut text = vec![format!("*{}*", safe(&title)), safe(&view.sentence)];
    text.extend(view.further.as_deref().map(safe));
    let text = harmless_lines(&text);
    let mut blocks = vec![
        Object::new().text("type", "header").raw("text", &plain(&title, MAX_TITLE)).end(),
        section(&view.sentence),
    ];
    blocks.extend(view.further.as_deref().map(section));
    blocks.extend(story.happened.summary().map(|summary| section(&many::names(summary, MAX_NAMES))));
    if !view.facts.is_empty() {
        let fields = list(view.facts.iter().take(MAX_FACTS).map(field));
        blocks.push(Object::new().text("type", "section").raw("fields", &fields).end());
    }
    blocks.extend(steps(story).first().map(|step| section(&step.text)));
    for (label, url) in &view.links {
        // Slack's own form of a link; the URL has none of the signs that end it.
        blocks.push(markup(&format!("<{}|{}>", safe(url).replace('|', "%7C"), safe(&capital(label)))));
    }
    Object::new().text("text", &text).raw("blocks", &list(blocks.into_iter())).end()
}

fn harmless_lines(lines: &[String]) -> String {
    lines.iter().map(|line| harmless(line, MAX_BLOCK)).collect::<Vec<_>>().join("\n")
}

/// Words that aren't read as markup.
fn section(text: &str) -> String {
    Object::new().text("type", "section").raw("text", &plain(text, MAX_BLOCK)).end()
}

fn markup(text: &str) -> String {
    let text = Object::new().text("type", "mrkdwn").text("text", text).end();
    Object::new().text("type", "section").raw("text", &text).end()
}

fn plain(text: &str, limit: usize) -> String {
    Object::new().text("type", "plain_text").text("text", &harmless(text, limit)).raw("emoji", "false").end()
}

fn field(fact: &Fact) -> String {
    let lines: Vec<&str> =
        fact.lines.iter().map(|(Line::Words(text) | Line::Name(text))| text.as_str()).collect();
    plain_lines(&format!("{}:", fact.label), &lines)
}

fn plain_lines(label: &str, lines: &[&str]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| harmless(line, MAX_BLOCK / 4)).collect();
    let text = format!("{label}\n{}", lines.join("\n"));
    Object::new().text("type", "plain_text").text("text", &text).raw("emoji", "false").end()
}

/// Text among markup: Slack's three signs, and what other programs would ring everybody's bell for.
fn safe(text: &str) -> String {
    let mut text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    for word in ["channel", "here", "all", "everyone"] {
        text = text.replace(&format!("@{word}"), &format!("[@]{word}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_by_a_record() {
        assert_eq!(
            safe("<!channel> @here & <https:a|b>"),
            "&lt;!channel&gt; [@]here &amp; &lt;https:a|b&gt;"
        );
    }
}
