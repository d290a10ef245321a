"""Is each .eml of a folder a mail that follows the standards, and its HTML harmless?

Prints a line for each complaint. Knows nothing of the program that wrote the mails.
"""

import email
import email.policy
import html.parser
import pathlib
import re
import struct
import sys
import zlib

HEADERS = {
    "Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "List-Id", "List-Unsubscribe",
    "Auto-Submitted", "X-Auto-Response-Suppress", "X-Kmswatch-State", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "p", "h2", "ol", "li", "pre", "img", "a",
}
ATTRIBUTES = {
    "lang", "charset", "name", "content", "class", "style", "role", "width", "cellpadding", "cellspacing", "border", "align",
    "valign", "src", "alt", "href",
}
EMPTY = {"meta", "img"}
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")


class Page(html.parser.HTMLParser):
    """Tags must be closed in order, and only what we use may occur."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.complaints, self.images, self.words = [], [], [], []

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.complaints.append(f"tag {tag}")
        if tag not in EMPTY:
            self.open.append(tag)
        names = [name for name, _ in attributes]
        if len(names) != len(set(names)) or not set(names) <= ATTRIBUTES:
            self.complaints.append(f"attributes of {tag}: {names}")
        values = dict(attributes)
        if "src" in values:
            self.images.append(values["src"])
        if not re.match("https?://", values.get("href", "https://")):
            self.complaints.append(f"link to {values['href']}")
        if "url(" in values.get("style", "") or "expression" in values.get("style", ""):
            self.complaints.append("a style that loads something")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.complaints.append(f"</{tag}> closes something else")

    def handle_comment(self, data):
        self.complaints.append("a comment")

    def unknown_decl(self, data):
        self.complaints.append("a declaration")

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            if "url(" in data or "@import" in data:
                self.complaints.append("a style that loads something")
        else:
            self.words.append(data)


def check_lines(raw):
    if re.search(rb"[^\r]\n|\r[^\n]", raw) or not raw.endswith(b"\r\n"):
        yield "a line break that isn't CRLF"
    for line in raw.split(b"\r\n"):
        # Where there is no blank, a header can't be folded.
        if len(line) > 998 or len(line) > 78 and b" " in line.strip().partition(b": ")[2]:
            yield "a line longer than it should be"
    if any(byte > 126 or byte < 32 and byte not in b"\r\n" for byte in raw):
        yield "a byte that isn't printable ASCII"


def check_headers(mail):
    names = [name for name in mail.keys()]
    if len(names) != len(set(names)) or not set(names) <= HEADERS:
        yield f"headers {names}"
    for name in ("Date", "From", "To", "Subject", "Message-ID", "List-Id", "Auto-Submitted"):
        if not mail[name]:
            yield f"no {name}"
    if mail["Auto-Submitted"] != "auto-generated" or mail["Date"].datetime is None:
        yield "Date or Auto-Submitted"
    if len(mail["From"].addresses) != 1:
        yield f"From: {mail['From']}"
    if len(mail["Subject"]) > 104:
        yield "a long subject"


def check_picture(part, images):
    if images != ["cid:" + part["Content-ID"].strip("<>")]:
        yield f"images {images}, not {part['Content-ID']}"
    if not part["Content-Disposition"].startswith("inline"):
        yield "a picture that isn't inline"
    try:
        yield from check_png(part.get_content())
    except (struct.error, zlib.error) as error:
        yield f"a picture that isn't PNG: {error}"


def check_png(data):
    width, height = struct.unpack(">II", data[16:24])
    body, place = b"", 8
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place:place + 8])
        chunk = data[place + 4:place + 8 + length]
        if zlib.crc32(chunk) != struct.unpack(">I", data[place + 8 + length:place + 12 + length])[0]:
            yield "a checksum"
        body += chunk[4:] if kind == b"IDAT" else b""
        place += 12 + length
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(zlib.decompress(body)) != height * (width * 4 + 1):
        yield "a picture that isn't PNG"


def check_text(words, where):
    found = HIDDEN.search(words.replace("\r\n", "\n"))
    if found:
        yield f"{where} holds {found.group()!r}"


def check(path):
    raw = path.read_bytes()
    yield from check_lines(raw)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    parts = list(mail.walk())
    for part in parts:
        if part.defects:
            yield f"defects {part.defects}"
        for name, value in part.items():
            if value.defects:
                yield f"{name}: {value.defects}"
    yield from check_headers(mail)
    kinds = [part.get_content_type() for part in parts]
    related = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    if kinds not in (related, ["multipart/alternative", "text/plain", "text/html"], ["text/plain"]):
        yield f"parts {kinds}"
    text = mail.get_body(("plain",)).get_content()
    yield from check_text(text, "text")
    markup = mail.get_body(("html",))
    if kinds == ["text/plain"]:
        return
    page = Page()
    page.feed(markup.get_content())
    page.close()
    yield from page.complaints
    if page.open:
        yield f"open at the end: {page.open}"
    yield from check_text("".join(page.words), "HTML")
    if kinds == related:
        yield from check_picture(parts[-1], page.images)
    elif page.images:
        yield f"images {page.images}"
    if "<script" in "".join(page.words) and "<script" not in text:
        yield "text and HTML say different things"


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.eml"))
    for path in paths:
        for complaint in check(path):
            print(f"{path.name}: {complaint}")
    print(f"{len(paths)} mails")


main()
