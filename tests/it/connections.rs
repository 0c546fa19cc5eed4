//! Connections, over real sockets: how many may be open, and which are given up.

use std::time::Duration;

use envoi_tests::{Socket, TestApp, both};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

both!(
    one_that_never_finishes_its_head_is_given_up_and_others_are_served,
    one_that_reads_nothing_is_given_up,
    one_more_than_may_be_open_waits_for_its_turn,
);

/// How long anything may take before the test fails. Far above what it takes.
const PATIENCE: Duration = Duration::from_secs(30);
const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n";

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.address().await).await.expect("a connection")
}

/// Asks something, and reads the answer.
async fn ask(connection: &mut TcpStream) {
    connection.write_all(REQUEST).await.expect("sent");
    read(connection).await;
}

/// Reads an answer.
async fn read(connection: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        let read = timeout(PATIENCE, connection.read_buf(&mut answer)).await.expect("an answer");
        assert!(read.expect("read") > 0, "it is closed");
    }
}

async fn one_that_never_finishes_its_head_is_given_up_and_others_are_served(app: TestApp) {
    let app = app.another(|config| config.http.client_timeout = Duration::from_secs(1)).await;
    let (mut silent, mut half, mut kept) = (connect(&app).await, connect(&app).await, connect(&app).await);
    half.write_all(b"POST /graphql HTTP/1.1\r\nHost: test\r\nContent-").await.expect("sent");
    ask(&mut kept).await;
    ask(&mut connect(&app).await).await;
    for (connection, which) in [(&mut silent, "silent"), (&mut half, "half"), (&mut kept, "kept")] {
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, connection.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the {which} one stays open for ever");
    }
    ask(&mut connect(&app).await).await;
}

async fn one_that_reads_nothing_is_given_up(app: TestApp) {
    let app = app.another(|config| config.http.client_timeout = Duration::from_secs(1)).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    // Little is kept here, so that the server soon has to wait.
    socket.set_recv_buffer_size(4_096).expect("set");
    let address = app.address().await.parse().expect("an address");
    let mut deaf = socket.connect(address).await.expect("a connection");
    let requests = REQUEST.repeat(100);
    let asking = async { while deaf.write_all(&requests).await.is_ok() {} };
    timeout(PATIENCE, asking).await.expect("it stays open for ever");
    ask(&mut connect(&app).await).await;
}

async fn one_more_than_may_be_open_waits_for_its_turn(app: TestApp) {
    let app = app.another(|config| config.http.max_connections = 2).await;
    let address = app.address().await;
    let socket = Socket::open(address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await;
    let socket = socket.expect("it opens");
    let mut second = connect(&app).await;
    ask(&mut second).await;
    let mut third = connect(&app).await;
    third.write_all(REQUEST).await.expect("sent");
    // By the time of so many answers on the second, the third would have had its own.
    for _ in 0..50 {
        ask(&mut second).await;
    }
    let unasked = third.try_read(&mut [0; 1]).expect_err("nothing is answered yet");
    assert_eq!(unasked.kind(), std::io::ErrorKind::WouldBlock);
    // A WebSocket keeps its place until it ends.
    drop(socket);
    read(&mut third).await;
}
