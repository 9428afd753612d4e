//! The gateway's own binary: started, spoken to over TCP, killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{House, ORIGIN, Reply};

/// A gateway program on a house's data folder; it is killed when it is dropped.
pub(crate) struct Program(Child);

impl Program {
    /// Starts it in the house's place. It says everything that it can say, into the file.
    pub(crate) fn start(house: &House, log: &Path) -> Self {
        Self::start_with(house, log, &[])
    }

    /// Starts it with more arguments.
    pub(crate) fn start_with(house: &House, log: &Path, more: &[&str]) -> Self {
        let merchants = house.folder.path().join("merchants.json");
        let merchant = serde_json::json!([{"merchant": house.merchant, "name": "Bluebird", "jwk": house.merchant_key}]);
        std::fs::write(&merchants, merchant.to_string()).unwrap();
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_quittance-gateway"))
            .args(["--listen", "127.0.0.1:0", "--origin", ORIGIN, "--sandbox", "--data"])
            .arg(house.data())
            .arg("--keys")
            .arg(house.folder.path().join("keys"))
            .arg("--merchants")
            .arg(merchants)
            .args(more)
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let program = Self(child);
        let port = line
            .trim()
            .strip_prefix("listening on http://127.0.0.1:")
            .expect("it listens");
        house.use_program(port.parse().unwrap());
        program
    }
}

impl Drop for Program {
    /// SIGKILL: nothing of it can be tidied up.
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// One request, one connection, HTTP/1.0: the answer ends where the connection does.
pub(crate) async fn send(port: u16, request: Request<Body>) -> Reply {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let mut text = format!("{} {} HTTP/1.0\r\nhost: localhost\r\n", head.method, head.uri);
    for (name, value) in &head.headers {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    text += &format!("content-length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: "));
    Reply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: answer[end + 4..].to_vec(),
    }
}
