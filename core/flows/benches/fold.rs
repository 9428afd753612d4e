//! What the engine costs: a fold over 1,000 events, the routes of 1,000 mandates. `cargo bench -p quittance-flows`.

use quittance_flows::Policy;
use quittance_flows::flow::{Rules, fold};
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_flows::routes::{Subject, routes};
use quittance_protocol::answer::{EnrolmentKind, MandateState};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::statement::Channel;
use quittance_protocol::{B64, Digest32, FlowId, MandateId, Quantity, Timestamp};
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

const EVENTS: usize = 1_000;
const MANDATES: usize = 1_000;
const ROUNDS: usize = 101;

fn main() -> Result<(), Box<dyn Error>> {
    let policy = Policy::load(DEFAULT_BUNDLE)?;
    let definition = policy.flow("mandate.cancel.quick").ok_or("no quick route")?;
    let rules = Rules {
        policy: &policy,
        definition,
    };
    let begin: Timestamp = "2026-11-21T06:00:00Z".parse()?;
    let log = log(begin);

    let baseline = median(|| black_box(log.to_vec()));
    let folded = median(|| fold(rules, black_box(&log)));
    println!("{EVENTS} events copied, the baseline: {baseline:?}");
    println!("{EVENTS} events folded: {folded:?}");

    let subjects = subjects();
    let nothing_found = BTreeMap::new();
    let copied = median(|| black_box(subjects.to_vec()));
    let resolved = median(|| {
        let all = subjects
            .iter()
            .map(|subject| routes(&policy, subject, &nothing_found, begin));
        all.collect::<Result<Vec<_>, _>>()
    });
    println!("{MANDATES} mandates copied, the baseline: {copied:?}");
    println!("{MANDATES} mandates resolved: {resolved:?}");
    Ok(())
}

/// A run that stays at its second step while the gateway finds out something new every second.
fn log(begin: Timestamp) -> Vec<FlowEvent> {
    let start = FlowStart {
        flow: FlowId::from_bytes([1; 16]),
        definition: "mandate.cancel.quick".to_owned(),
        policy_version: 1,
        mandates: vec![MandateId::from_bytes([2; 16])],
        wish: None,
        operation: Digest32::of(b"operation"),
        nonce: B64::from(vec![3; 16]),
    };
    let proved = FlowEventKind::FactorProved {
        step: "identify".to_owned(),
        evidence: Digest32::of(b"proof"),
    };
    let said = |author, kind| FlowEvent {
        at: begin,
        author,
        kind,
    };
    let mut log = vec![
        said(Author::Phone, FlowEventKind::Started(start)),
        said(Author::Phone, proved),
    ];
    for second in (1_i64..).take(EVENTS.saturating_sub(log.len())) {
        let facts = BTreeMap::from([("vpn".to_owned(), Quantity::whole(second % 2))]);
        log.push(FlowEvent {
            at: begin.plus_seconds(second),
            author: Author::Gateway,
            kind: FlowEventKind::Found { facts },
        });
    }
    log
}

fn subjects() -> Vec<Subject> {
    let channels = [Channel::App, Channel::MiniProgram, Channel::Bank];
    let subject = |(index, channel): (usize, Channel)| Subject {
        state: MandateState::Active,
        channel,
        enrolment: if index % 5 == 0 {
            EnrolmentKind::SystemDefault
        } else {
            EnrolmentKind::PayerSigned
        },
        auto_renewal: index % 2 == 0,
    };
    let channels = channels.into_iter().cycle().enumerate();
    channels.take(MANDATES).map(subject).collect()
}

fn median<T>(work: impl Fn() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            black_box(work());
            begin.elapsed()
        })
        .collect();
    times.sort();
    times.get(ROUNDS / 2).copied().unwrap_or_default()
}
