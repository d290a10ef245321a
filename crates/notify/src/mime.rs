//! A mail as mail servers take it (RFC 5322, RFC 2045 to 2047, RFC 2387).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use crate::email::{Email, hex};
use crate::limits::HEADER_LINE;

/// How long a line of a part is, in bytes.
const LINE: usize = 76;

/// The whole mail. Plain text, HTML and picture are alternatives and relatives of each other, as mail programs expect.
pub(crate) fn message(email: &Email) -> Vec<u8> {
    let mut mail = String::new();
    for (name, value) in &email.headers {
        header(name, value, &mut mail);
    }
    header("MIME-Version", "1.0", &mut mail);
    if email.html.is_empty() {
        text_part("plain", &email.text, &mut mail);
    } else {
        alternatives(email, &mut mail);
    }
    mail.into_bytes()
}

fn alternatives(email: &Email, mail: &mut String) {
    let boundary = boundary(email, "alternative");
    header("Content-Type", &format!("multipart/alternative; boundary=\"{boundary}\""), mail);
    mail.push_str(&format!("\r\n--{boundary}\r\n"));
    text_part("plain", &email.text, mail);
    mail.push_str(&format!("\r\n--{boundary}\r\n"));
    match &email.chart_png {
        Some(picture) => related(email, picture, mail),
        None => text_part("html", &email.html, mail),
    }
    mail.push_str(&format!("\r\n--{boundary}--\r\n"));
}

fn related(email: &Email, picture: &[u8], mail: &mut String) {
    let boundary = boundary(email, "related");
    header("Content-Type", &format!("multipart/related; type=\"text/html\"; boundary=\"{boundary}\""), mail);
    mail.push_str(&format!("\r\n--{boundary}\r\n"));
    text_part("html", &email.html, mail);
    mail.push_str(&format!("\r\n--{boundary}\r\n"));
    header("Content-Type", "image/png; name=\"chart.png\"", mail);
    header("Content-Transfer-Encoding", "base64", mail);
    header("Content-ID", &format!("<{}>", email.chart_id), mail);
    header("Content-Disposition", "inline; filename=\"chart.png\"", mail);
    mail.push_str("\r\n");
    let encoded = STANDARD.encode(picture);
    for line in encoded.as_bytes().chunks(LINE) {
        mail.extend(line.iter().map(|byte| char::from(*byte)));
        mail.push_str("\r\n");
    }
    mail.push_str(&format!("--{boundary}--\r\n"));
}

fn text_part(kind: &str, text: &str, mail: &mut String) {
    header("Content-Type", &format!("text/{kind}; charset=utf-8"), mail);
    header("Content-Transfer-Encoding", "quoted-printable", mail);
    mail.push_str("\r\n");
    quoted_printable(text, mail);
}

/// The same for the same mail. Neither of the encodings can give its `=_`.
fn boundary(email: &Email, kind: &str) -> String {
    let hash = digest(&SHA256, email.header("Message-ID").unwrap_or_default().as_bytes());
    format!("=_{kind}-{}", hex(hash.as_ref()).get(..24).unwrap_or_default())
}

/// A header, folded at blanks. Nothing but printable ASCII gets through, whatever the value holds.
fn header(name: &str, value: &str, mail: &mut String) {
    let value = value.replace(|found: char| !found.is_ascii() || found.is_ascii_control(), "_");
    let mut line = format!("{name}:");
    let mut column = line.len();
    for word in value.split(' ') {
        // A word behind which the line is folded must not be empty: lines of white space alone are forbidden.
        if column > name.len() + 1 && column + 1 + word.len() > HEADER_LINE && !word.is_empty() {
            line.push_str("\r\n");
            column = 0;
        }
        line.push(' ');
        line.push_str(word);
        column += 1 + word.len();
    }
    mail.push_str(line.trim_end());
    mail.push_str("\r\n");
}

/// RFC 2045, 6.7.
fn quoted_printable(text: &str, mail: &mut String) {
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\r\n"));
        encode_line(line.as_bytes(), mail);
        mail.push_str(end);
    }
    if !text.ends_with('\n') {
        mail.push_str("\r\n");
    }
}

fn encode_line(line: &[u8], mail: &mut String) {
    let mut column = 0;
    for (position, byte) in line.iter().enumerate() {
        let is_last = position + 1 == line.len();
        // Some programs put a sign before a line that begins with `From `.
        let is_from = position == 0 && line.starts_with(b"From ");
        let plain = match byte {
            b'=' => false,
            b' ' | b'\t' => !is_last,
            other => other.is_ascii_graphic() && !is_from,
        };
        let length = if plain { 1 } else { 3 };
        if column + length > LINE - usize::from(!is_last) {
            mail.push_str("=\r\n");
            column = 0;
        }
        if plain {
            mail.push(char::from(*byte))
        } else {
            mail.push_str(&format!("={byte:02X}"))
        }
        column += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let mut mail = String::new();
        quoted_printable(text, &mut mail);
        mail
    }

    #[test]
    fn text_is_quoted_printable() {
        assert_eq!(encoded("a=b \nFrom é\n"), "a=3Db=20\r\n=46rom =C3=A9\r\n");
        assert_eq!(encoded("\r\n"), "=0D\r\n");
        let long = encoded(&"x".repeat(200));
        assert!(long.lines().all(|line| line.len() <= LINE), "{long}");
        assert_eq!(long.replace("=\r\n", ""), "x".repeat(200) + "\r\n");
    }

    #[test]
    fn a_header_stays_one_header() {
        let mut mail = String::new();
        header("Subject", "a\r\nBcc: b@example.com\u{202e}", &mut mail);
        assert_eq!(mail, "Subject: a__Bcc: b@example.com_\r\n");
        mail.clear();
        header("References", &"<0123456789@example.com> ".repeat(20), &mut mail);
        assert!(mail.lines().all(|line| line.len() <= HEADER_LINE), "{mail}");
        assert_eq!(mail.replace("\r\n ", " ").lines().count(), 1);
    }
}
