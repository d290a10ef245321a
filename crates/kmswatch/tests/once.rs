//! Is each record taken once, and each notification the same on every attempt, where that is easily got wrong?

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use store_sqlite::OutboxState;
use support::service::{BOUND, Place, TEMPLATE, log_file, record};

const BEGINNING: [&str; 4] = ["--trail", "trail", "--from", "beginning"];

#[test]
fn another_file_with_the_number_length_and_time_of_one_that_was_read_counts() {
    let place = Place::new();
    let trail = place.path().join("trail");
    fs::create_dir(&trail).unwrap();
    let (first, second) = (trail.join("a.json"), trail.join("b.json"));
    let time = SystemTime::now() - Duration::from_secs(100);
    // Of the same length, as each record is.
    fs::write(&first, log_file(0..3)).unwrap();
    File::options().write(true).open(&first).unwrap().set_modified(time).unwrap();
    let mut service = place.start(&BEGINNING);
    service.until("the first is read", || (place.evidence() == 3).then_some(()));
    service.end();
    let before = fs::metadata(&first).unwrap();
    fs::write(&first, log_file(5..8)).unwrap();
    File::options().write(true).open(&first).unwrap().set_modified(time).unwrap();
    fs::rename(&first, &second).unwrap();
    let after = fs::metadata(&second).unwrap();
    let version = |metadata: &fs::Metadata| (metadata.len(), metadata.modified().unwrap(), metadata.ino());
    assert_eq!(version(&before), version(&after));
    let mut service = place.start(&BEGINNING);
    service.until("the second is read", || (place.evidence() == 6).then_some(()));
    // What is only renamed doesn't count again, though its records have no ids.
    let third = trail.join("c.json");
    fs::write(&third, format!(r#"{{"Records":[{}]}}"#, record(9).replace("eventID", "otherID"))).unwrap();
    service.until("the third is read", || (place.evidence() == 7).then_some(()));
    fs::rename(&third, trail.join("d.json")).unwrap();
    fs::write(trail.join("e.json"), log_file(10..11)).unwrap();
    service.until("what came behind it is read", || (place.evidence() >= 8).then_some(()));
    let questions = place.reader();
    service.until("it is known by its new name", || {
        questions.questions().checkpoint("trail", "d.json").unwrap().filter(|known| known.complete)
    });
    assert_eq!(place.evidence(), 8);
    service.end();
}

/// A subscriber that refuses what it gets first, and accepts the rest. Everything is handed over.
fn subscriber() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (got, bodies) = channel();
    thread::spawn(move || {
        let answers = std::iter::once("400 Bad Request").chain(std::iter::repeat("200 OK"));
        for (stream, answer) in listener.incoming().zip(answers) {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            got.send(String::from_utf8(body).unwrap()).unwrap();
        }
    });
    (url, bodies)
}

#[test]
fn what_is_tried_again_tells_what_it_told() {
    let place = Place::new();
    let (url, bodies) = subscriber();
    let template = TEMPLATE
        .replace("Protocol: email, Endpoint: you@example.com", &format!("Protocol: http, Endpoint: '{url}'"));
    fs::write(place.template(), template).unwrap();
    let mut service = place.start(&[]);
    service.push(record(1));
    let first = bodies.recv_timeout(BOUND).unwrap();
    let reader = place.reader();
    let dead = || reader.questions().outbox(&[OutboxState::Dead], 10).unwrap();
    let row = service.until("it is given up", || dead().pop());
    // By now there is more to tell.
    service.push(record(2));
    service.push(record(3));
    let answer = service.post(&format!("/v1/outbox/{}/retry", row.id), b"", &[]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let again = bodies.recv_timeout(BOUND).unwrap();
    assert_eq!(again, first);
    let delivered = || reader.questions().notification(row.id).unwrap().unwrap();
    let now = service
        .until("it is delivered", || Some(delivered()).filter(|row| row.state == OutboxState::Delivered));
    assert_eq!(now.story, row.story);
    service.end();
}
