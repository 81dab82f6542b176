use super::*;

fn post(receiver: &Receiver, id: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, receiver.port)).unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nWebhook-Id: {id}\r\nidempotency-key: {id}\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    // A hanging receiver closes without a word, as its client has nothing more to say.
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn what_comes_is_written_down_before_it_is_answered() {
    let receiver = Receiver::start(1).unwrap();
    receiver.behave();
    assert!(post(&receiver, "a").starts_with(b"HTTP/1.1 204 "));
    receiver.next_life().unwrap();
    post(&receiver, "b");
    let came = |id: &str, life| {
        let (id, key) = (id.to_owned(), id.to_owned());
        Event::Came(Post {
            id,
            key,
            body: b"{}".to_vec(),
            life,
        })
    };
    let took = |id: &str, life| Event::Took {
        id: id.to_owned(),
        life,
    };
    assert_eq!(
        receiver.events(),
        [came("a", 0), took("a", 0), came("b", 1), took("b", 1)]
    );
}

#[test]
fn every_mood_comes_and_only_a_204_counts_as_taken() {
    let mut dice = Dice::new(1);
    let moods: Vec<Mood> = (0..200).map(|_| Mood::throw(&mut dice)).collect();
    for mood in Mood::BAD.into_iter().chain([Mood::Take]) {
        assert!(moods.contains(&mood), "{mood:?}");
        let answer = mood.answer().unwrap_or_default();
        assert_eq!(answer.starts_with("HTTP/1.1 204 "), mood == Mood::Take);
    }
    let receiver = Receiver::start(1).unwrap();
    let answers: Vec<_> = (0..40).map(|at| post(&receiver, &at.to_string())).collect();
    let took = receiver.events().into_iter();
    let took = took
        .filter(|event| matches!(event, Event::Took { .. }))
        .count();
    let said = |line: &str| {
        let begins = answers.iter().filter(|it| it.starts_with(line.as_bytes()));
        begins.count()
    };
    assert_eq!(took, said("HTTP/1.1 204 "));
    assert!(said("HTTP/1.1 500 ") > 0 && said("HTTP/1.1 429 ") > 0);
    assert!(answers.iter().any(Vec::is_empty), "some get no answer");
}

#[test]
fn a_request_in_pieces_is_read_once_it_is_whole() {
    let request = b"POST / HTTP/1.1\r\ncontent-length: 3\r\nwebhook-id: a\r\n\r\nabcPOST";
    for cut in 0..request.len() - 4 {
        assert_eq!(parse_post(&request[..cut]).unwrap(), None, "{cut}");
    }
    let (post, length) = parse_post(request).unwrap().unwrap();
    assert_eq!(
        (post.body.as_slice(), length),
        (b"abc".as_slice(), request.len() - 4)
    );
    assert!(parse_post(b"GET / HTTP/1.1\r\n\r\n").is_err());
}
