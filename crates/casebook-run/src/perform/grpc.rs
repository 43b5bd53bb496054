//! Calls by gRPC. What a method takes and gives is learnt from the server itself, or from a file that the environment
//! names.

mod codec;
mod methods;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use casebook_ticket::language::{Grpc, TemplatePart};
use prost_reflect::{DynamicMessage, MethodDescriptor, SerializeOptions};
use serde_json::Value as Json;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status, Streaming};

use super::KEPT;
use crate::environment::{Address, Target};
use crate::request::of_io;
use crate::world::World;
use crate::{Observation, Outcome};

/// A message that is larger is an error.
const LARGEST_MESSAGE: usize = 64 << 20;
/// Of all messages together so many bytes are kept as JSON.
const KEPT_OF_ALL: usize = 4 * KEPT;
/// Longer texts in messages, which are binary data most often, are kept as their length.
const LONGEST_TEXT: usize = 1024;

/// Why there are no messages, or no more.
enum Stopped {
    /// How it ended.
    Ended(Outcome),
    /// The server says so.
    Told(Status),
    /// It could not be carried out at all.
    Failed(String),
}

impl From<&str> for Stopped {
    fn from(why: &str) -> Self {
        Self::Failed(why.to_owned())
    }
}

impl From<String> for Stopped {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// What came of a call.
#[derive(Default)]
struct Answer {
    messages: Vec<Json>,
    count: usize,
    rows: usize,
    kept: usize,
    left_out: u64,
    status: Option<Status>,
    /// Whether the server has taken the call: until then nobody has counted what it would have said.
    is_taken: bool,
}

pub(super) async fn call(wanted: &Grpc, world: &World<'_>) -> Result<Observation, String> {
    let target = Place::of(wanted, world)?;
    let count = wanted.read.unwrap_or(1);
    let data = wanted.data.as_ref().map(|name| world.data(name.name())).transpose()?;
    let pause = wanted.pace.unwrap_or_default();
    let deadline = wanted.deadline.unwrap_or_else(|| world.environment.deadline + pause * count);
    let body = data.as_ref().map(|data| format!("\n\n{data}")).unwrap_or_default();
    let sent = format!("{}/{}/{}{body}", target.address.url, target.service, target.method);
    let began = Instant::now();
    let end = began + deadline;
    let mut answer = Answer::default();
    let work = async {
        let channel = target.connect(deadline).await?;
        let method = target.method(&channel).await?;
        let request = request(&method, data.as_deref())?;
        let mut messages = target.send(channel, &method, request).await?;
        answer.is_taken = true;
        // Behind the only message stands how the call has ended.
        let count = if method.is_server_streaming() { count } else { count.saturating_add(1) };
        answer.read(&mut messages, count, pause, target.rows()).await
    };
    let ended = match timeout_at(end, work).await {
        // Within the time that there was.
        Err(_) if answer.count > 0 => Outcome::Answered,
        Err(_) => Outcome::TimedOut,
        Ok(Ok(())) => Outcome::Answered,
        Ok(Err(Stopped::Ended(outcome))) => outcome,
        Ok(Err(Stopped::Told(status))) => {
            answer.status = Some(status);
            Outcome::Answered
        }
        Ok(Err(Stopped::Failed(why))) => return Err(why),
    };
    let elapsed = began.elapsed().max(Duration::from_micros(1)).as_secs_f64();
    Ok(Observation { elapsed, sent, ..answer.observation(ended) })
}

/// Where a call goes.
struct Place<'a> {
    address: Address,
    service: String,
    method: String,
    target: Option<&'a Target>,
}

impl<'a> Place<'a> {
    fn of(wanted: &Grpc, world: &World<'a>) -> Result<Self, String> {
        let filled = world.fill(&wanted.target)?;
        let (scheme, rest) = filled.split_once("://").unwrap_or(("grpc", filled.as_str()));
        let mut parts = rest.rsplitn(3, '/').filter(|part| !part.is_empty());
        let (Some(method), Some(service), Some(place)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!(
                "`{}` must end with service and method, as in `$stream/package.Service/Method`",
                wanted.target
            ));
        };
        let (service, method) = (service.to_owned(), method.to_owned());
        let address = Address::parse(&format!("{scheme}://{place}"))?;
        let target = match wanted.target.0.first() {
            Some(TemplatePart::Reference(first)) => world.environment.targets.get(first.name.name()),
            _ => None,
        };
        Ok(Self { address, service, method, target })
    }

    fn rows(&self) -> Option<&str> {
        self.target.and_then(|target| target.rows.as_deref())
    }

    async fn connect(&self, deadline: Duration) -> Result<Channel, Stopped> {
        let (host, port) = (self.address.url.host_str().unwrap_or_default(), self.address.port);
        let scheme = self.address.url.scheme();
        let is_secure = matches!(scheme, "https" | "grpcs");
        let uri = format!("{}://{host}:{port}", if is_secure { "https" } else { "http" });
        let endpoint = Endpoint::from_shared(uri).map_err(|error| error.to_string())?;
        let mut endpoint = endpoint.connect_timeout(deadline);
        if is_secure {
            let ca = self.target.and_then(|target| target.ca.as_ref());
            let ca = ca.ok_or(
                "the environment does not say whom to trust there; add ca = \"ca.crt\" to the target",
            )?;
            let pem = std::fs::read(ca).map_err(|error| format!("{}: {error}", ca.display()))?;
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
            endpoint = endpoint.tls_config(tls).map_err(|error| error.to_string())?;
        } else if !matches!(scheme, "http" | "grpc") {
            return Err(format!("{scheme} is no scheme of gRPC; write grpc, grpcs, http or https").into());
        }
        endpoint.connect().await.map_err(|error| Stopped::Ended(of_transport(&error).unwrap_or(Outcome::Cut)))
    }

    async fn method(&self, channel: &Channel) -> Result<MethodDescriptor, Stopped> {
        let pool = match self.target.and_then(|target| target.descriptors.as_ref()) {
            Some(file) => methods::of_file(file)?,
            None => methods::of_server(channel, &self.service).await.map_err(|error| match error {
                methods::Unknown::Told(why) => Stopped::Failed(why),
                methods::Unknown::Status(status) => match of_transport(&status) {
                    Some(outcome) => Stopped::Ended(outcome),
                    None if status.code() == Code::NotFound => {
                        Stopped::Failed(format!("the server has no service {}", self.service))
                    }
                    None => Stopped::Failed(format!(
                        "the server does not say what {} takes ({:?}: {}); name a file with its descriptors (descriptors = \"service.binpb\")",
                        self.service,
                        status.code(),
                        status.message()
                    )),
                },
            })?,
        };
        let service = pool.get_service_by_name(&self.service);
        let service = service.ok_or_else(|| format!("there is no service {}", self.service))?;
        let method = service.methods().find(|method| method.name() == self.method);
        Ok(method.ok_or_else(|| format!("{} has no method {}", self.service, self.method))?)
    }

    async fn send(
        &self,
        channel: Channel,
        method: &MethodDescriptor,
        request: DynamicMessage,
    ) -> Result<Streaming<DynamicMessage>, Stopped> {
        let mut client = tonic::client::Grpc::new(channel).max_decoding_message_size(LARGEST_MESSAGE);
        client.ready().await.map_err(|error| Stopped::Ended(of_transport(&error).unwrap_or(Outcome::Cut)))?;
        let path: PathAndQuery = format!("/{}/{}", self.service, self.method)
            .parse()
            .map_err(|_| format!("{}/{} is no method", self.service, self.method))?;
        // On the wire a single message is a stream of one.
        let answer =
            client.server_streaming(Request::new(request), path, codec::Dynamic(method.output())).await;
        match answer {
            Ok(answer) => Ok(answer.into_inner()),
            Err(status) => Err(of_transport(&status).map_or(Stopped::Told(status), Stopped::Ended)),
        }
    }
}

fn request(method: &MethodDescriptor, data: Option<&str>) -> Result<DynamicMessage, String> {
    let Some(data) = data else { return Ok(DynamicMessage::new(method.input())) };
    let mut json = serde_json::Deserializer::from_str(data);
    DynamicMessage::deserialize(method.input(), &mut json)
        .and_then(|message| json.end().map(|()| message))
        .map_err(|error| format!("the data is no {}: {error}", method.input().full_name()))
}

impl Answer {
    /// Reads so many messages, unless there are no more.
    async fn read(
        &mut self,
        messages: &mut Streaming<DynamicMessage>,
        count: u32,
        pause: Duration,
        rows: Option<&str>,
    ) -> Result<(), Stopped> {
        for _ in 0..count {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            match messages.message().await {
                Ok(Some(message)) => self.keep(&message, rows),
                Ok(None) => {
                    self.status = Some(Status::ok(""));
                    break;
                }
                Err(status) => {
                    return Err(of_transport(&status).map_or(Stopped::Told(status), Stopped::Ended));
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, message: &DynamicMessage, rows: Option<&str>) {
        self.count += 1;
        self.rows += match rows.and_then(|field| message.get_field_by_name(field)) {
            Some(field) => field.as_list().map_or(1, <[_]>::len),
            None => 1,
        };
        let options = SerializeOptions::new()
            .use_proto_field_name(true)
            .stringify_64_bit_integers(false)
            .skip_default_fields(false);
        let json = message.serialize_with_options(serde_json::value::Serializer, &options);
        let mut json = json.unwrap_or_default();
        shorten(&mut json);
        let size = json.to_string().len();
        if self.kept + size > KEPT_OF_ALL {
            self.left_out += size as u64;
            return;
        }
        self.kept += size;
        self.messages.push(json);
    }

    fn observation(self, outcome: Outcome) -> Observation {
        let status = self.status.as_ref();
        let told = |status: &Status| match status.code() {
            Code::Ok => "the call has ended\n".to_owned(),
            code => format!("the call has ended: {code:?}: {}\n", status.message()),
        };
        let lines = self.messages.iter().map(|message| format!("{message}\n"));
        let text = lines.collect::<String>() + &status.map(told).unwrap_or_default();
        let (text, cut) = super::bounded(&text);
        let json = if self.left_out > 0 { Json::Null } else { Json::Array(self.messages) };
        let mut numbers = BTreeMap::new();
        if self.is_taken || status.is_some() {
            numbers.insert("count".to_owned(), self.count as f64);
            numbers.insert("rows".to_owned(), self.rows as f64);
        }
        Observation {
            outcome,
            status: status.map_or((self.count > 0).then_some(200), |status| Some(in_http(status.code()))),
            text,
            left_out: self.left_out + cut,
            json,
            numbers,
            ..Observation::default()
        }
    }
}

/// The status of HTTP that gRPC's own stands for, as `google/rpc/code.proto` has them.
fn in_http(code: Code) -> u16 {
    match code {
        Code::Ok => 200,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::ResourceExhausted => 429,
        Code::Cancelled => 499,
        Code::Unknown | Code::Internal | Code::DataLoss => 500,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::DeadlineExceeded => 504,
    }
}

/// Puts their lengths in the places of long texts.
fn shorten(json: &mut Json) {
    match json {
        Json::String(text) if text.len() > LONGEST_TEXT => *text = format!("({} characters)", text.len()),
        Json::Array(elements) => elements.iter_mut().for_each(shorten),
        Json::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

/// How a call ended that the network ended; none when the server itself did.
fn of_transport(error: &(dyn std::error::Error + 'static)) -> Option<Outcome> {
    let mut cause = error.source()?;
    let mut outcome = Outcome::Cut;
    loop {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            outcome = of_io(error);
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return Some(outcome),
        }
    }
}
