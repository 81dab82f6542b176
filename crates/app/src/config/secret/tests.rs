use super::*;

fn resolve(reference: &SecretRef, variables: &[(&str, &str)]) -> Result<String, String> {
    resolve_secret(reference, &Environment::of(variables))
        .map(|secret| secret.reveal().to_owned())
        .map_err(|fault| fault.to_string())
}

fn env(value: &str) -> Result<String, String> {
    resolve(&SecretRef::Env("TOKEN".to_owned()), &[("TOKEN", value)])
}

#[test]
fn a_variable_gives_its_value() {
    assert_eq!(env("hunter2"), Ok("hunter2".to_owned()));
    assert_eq!(
        resolve(&SecretRef::Env("TOKEN".to_owned()), &[]),
        Err(
            "environment variable TOKEN is not set: define it for the process or in .env"
                .to_owned()
        )
    );
    assert_eq!(env(""), Err("secret env:TOKEN is empty".to_owned()));
    assert_eq!(
        env("hunter2\nX-Other: 1"),
        Err("secret env:TOKEN has more than one line or a control character".to_owned())
    );
    assert!(env(&"x".repeat(64 << 10)).is_ok());
    assert_eq!(
        env(&"x".repeat((64 << 10) + 1)),
        Err("secret env:TOKEN is longer than 64 KiB".to_owned())
    );
}

#[cfg(unix)]
fn file(content: &[u8], mode: u32) -> Result<String, String> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    let path = path.display().to_string();
    resolve(&SecretRef::File(path.clone()), &[]).map_err(|message| message.replace(&path, "PATH"))
}

#[cfg(unix)]
#[test]
fn a_file_gives_its_line() {
    for content in ["hunter2", "hunter2\n", "hunter2\r\n"] {
        assert_eq!(file(content.as_bytes(), 0o600), Ok("hunter2".to_owned()));
    }
    assert_eq!(file(b"hunter2", 0o640), Ok("hunter2".to_owned()));
    assert_eq!(
        file(b"\n", 0o600),
        Err("secret file:PATH is empty".to_owned())
    );
    assert_eq!(
        file(b"a\nb\n", 0o600),
        Err("secret file:PATH has more than one line or a control character".to_owned())
    );
    assert_eq!(
        file(b"\xff", 0o600),
        Err("secret file:PATH is not UTF-8".to_owned())
    );
    let mut longest = vec![b'x'; 64 << 10];
    longest.extend(b"\r\n");
    assert!(file(&longest, 0o600).is_ok());
    assert_eq!(
        file(&vec![b'x'; 1 << 20], 0o600),
        Err("secret file:PATH is longer than 64 KiB".to_owned())
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_everyone_may_read_is_refused() {
    assert_eq!(
        file(b"hunter2", 0o644),
        Err(
            "secret file `PATH` may be read by everyone: take the right away with chmod o-rwx"
                .to_owned()
        )
    );
}

#[test]
fn an_absent_file_is_named_with_its_cause() {
    let reference = SecretRef::File("no/such/token".to_owned());
    let fault = resolve_secret(&reference, &Environment::default()).unwrap_err();
    assert_eq!(fault.to_string(), "read secret file `no/such/token`");
    assert!(std::error::Error::source(&fault).is_some());
}
