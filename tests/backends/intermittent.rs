//! A backend for tests of outages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use pipecat_instrument::setup::{self, Environment, SetupBuilder};

use crate::loopback::{ReceivedRequest, Reply, ReservedPort, Server};

/// A backend that is away at first, and can be switched between replies.
///
/// While it is away, connections are refused, so that no request of that time arrives later.
pub(crate) struct IntermittentBackend {
    number: u16,
    /// Taken by the server.
    port: Mutex<Option<ReservedPort>>,
    server: OnceLock<Server>,
    /// The replies to the next requests. The last one is repeated.
    replies: Arc<Mutex<VecDeque<Reply>>>,
    /// The numbers of the requests that were answered with success.
    accepted: Arc<Mutex<Vec<usize>>>,
}

impl IntermittentBackend {
    pub(crate) fn away() -> Self {
        let port = ReservedPort::new();
        Self {
            number: port.number(),
            port: Mutex::new(Some(port)),
            server: OnceLock::new(),
            replies: Arc::default(),
            accepted: Arc::default(),
        }
    }

    pub(crate) fn replying(reply: Reply) -> Self {
        let backend = Self::away();
        backend.reply(reply);
        backend
    }

    /// Starts it if it is away, and sets the reply to all requests.
    pub(crate) fn reply(&self, reply: Reply) {
        self.reply_in_turn([reply]);
    }

    /// Starts it if it is away, and sets the replies to the next requests. The last one is repeated.
    pub(crate) fn reply_in_turn(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.replies.lock().unwrap() = replies.into_iter().collect();
        self.server.get_or_init(|| {
            let (replies, accepted) = (Arc::clone(&self.replies), Arc::clone(&self.accepted));
            let port = self.port.lock().unwrap().take().unwrap();
            Server::replying_by_number_at(port, move |number| {
                let mut replies = replies.lock().unwrap();
                let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
                let reply = reply.unwrap();
                if matches!(reply, Reply::Ok) {
                    accepted.lock().unwrap().push(number);
                }
                reply
            })
        });
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.number)
    }

    /// Returns a builder of setups that send to it, without environment variables.
    pub(crate) fn setup_builder(&self) -> SetupBuilder {
        setup::builder().environment(Environment::default()).service_name("desk").endpoint(self.url())
    }

    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        self.server.get().map(Server::requests).unwrap_or_default()
    }

    /// Returns the requests that were answered with success.
    pub(crate) fn accepted_requests(&self) -> Vec<ReceivedRequest> {
        let requests = self.requests();
        self.accepted.lock().unwrap().iter().map(|number| requests[*number].clone()).collect()
    }
}
