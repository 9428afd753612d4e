//! Why a run stands where it stands, what happens next, and when: as texts.

use crate::flows::OpenFlow;
use crate::prompt::PromptKind;
use crate::text::{Text, TextArgument};
use crate::texts::{self, KEYS};
use quittance_flows::definition::{FlowDefinition, FlowEffect, Next, Party, StepKind};
use quittance_flows::flow::{self, Because, Coming, Explanation, FlowState, Found, Turn};
use quittance_flows::{Policy, Rules, facts};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::{Money, Quantity, Timestamp};

/// What happens next in an open run, and when: first what ends the open step, then each step that is still to come,
/// last what completing the run brings about.
pub(crate) fn of_open(open: &OpenFlow, explained: &Explanation) -> Vec<Text> {
    let mut texts = Vec::new();
    if let Some(until) = explained.until {
        let timer = matches!(open.step.kind, StepKind::Timer(_));
        texts.push(Text::new(if timer { "next.opens" } else { "next.by" }).with("moment", until.at));
        if !timer {
            texts.push(silence(until.then));
        }
    }
    if let Some(at) = explained.left_alone_until.filter(|_| !open.lowers()) {
        texts.push(Text::new("next.left_alone").with("moment", at));
    }
    for ahead in &explained.ahead {
        match &ahead.what {
            Coming::Effect(effect) => texts.extend(brought_about(*effect)),
            Coming::Turn { turn, within, silence } => {
                texts.push(turn_of(
                    &open.pinned.definition,
                    &open.row.start.definition,
                    &ahead.step,
                    *turn,
                ));
                if let Some(within) = within {
                    let key = if *turn == Turn::Time {
                        "next.opens_in"
                    } else {
                        "next.within"
                    };
                    texts.push(Text::new(key).with("wait", TextArgument::wait(within)));
                }
                texts.extend(silence.map(self::silence));
            }
        }
    }
    texts.push(completion(&open.pinned.policy, &open.pinned.definition, &open.state));
    texts
}

/// What can be done after a run ended, and what is still to come.
pub(crate) fn of_closed(kind: &PromptKind, name: &str) -> Vec<Text> {
    match kind {
        PromptKind::Scheduled { undo_until, .. } => vec![
            Text::new("next.undo_until").with("moment", *undo_until),
            Text::new("next.ends_at").with("moment", *undo_until),
        ],
        PromptKind::Done { under_way: true } => vec![Text::new("next.closing")],
        PromptKind::Done { under_way: false } => match name {
            "stopped" | "stopped_alone" => vec![Text::new("next.receipt")],
            "pin_reset" => vec![Text::new("next.choose_pin")],
            _ => vec![Text::new("next.nothing")],
        },
        PromptKind::Refused { what_now, .. } => vec![what_now.clone()],
        _ => Vec::new(),
    }
}

/// What the end of a step that nobody answered leads to.
pub(crate) fn silence(next: Next) -> Text {
    Text::new(match next {
        Next::GoOn => "then.go_on",
        Next::Otherwise => "then.otherwise",
        Next::Refuse => "then.refuse",
        Next::Expire => "then.expire",
        Next::Stay => "then.stay",
    })
}

/// What put the open step there, what it waits for, or what ended the run.
pub(crate) fn because(rules: Rules<'_>, wish: Option<&Wish>, explained: &Explanation) -> Option<Text> {
    Some(match explained.because.as_ref()? {
        Because::Holds(found) => fact("because", found, rules.policy, wish),
        Because::Lacks(found) => fact("because.lacks", found, rules.policy, wish),
        Because::Exceeds(found) => fact("because.exceeds", found, rules.policy, wish),
        Because::Tries(failed) => Text::new("because.tries").with("failed", TextArgument::count(*failed)),
        Because::Late => Text::new("because.late"),
        Because::SaidNo(turn) => Text::new(match turn {
            Turn::Party(Party::BankApp) => "because.said_no.bank",
            Turn::Party(Party::Merchant) => "because.said_no.merchant",
            Turn::Party(Party::Guardian) => "because.said_no.guardian",
            Turn::Payer | Turn::Vendor | Turn::Reviewer | Turn::Others | Turn::Time => "because.said_no.review",
        }),
        Because::Disagreed => Text::new("because.disagreed"),
        Because::Objected => Text::new("because.objected"),
        Because::Left => Text::new("because.left"),
        Because::Complete => Text::new("because.complete"),
    })
}

/// A fact with its number and what it is compared with, both in the unit that the payer knows it in.
pub(crate) fn fact(family: &str, found: &Found, policy: &Policy, wish: Option<&Wish>) -> Text {
    let own = format!("{family}.{}", found.fact);
    let known = KEYS.contains(&own.as_str());
    let number = |number: Quantity| match (found.fact.as_str(), wish) {
        (facts::REQUESTED_LIMIT, Some(Wish::TeenLimit { per_charge, .. })) => in_currency_of(per_charge, number),
        _ => number.into(),
    };
    let mut text = Text::new(if known { &own } else { "because.other" })
        .with("value", number(found.value))
        .with("bound", number(found.bound));
    if let Some(key) = &found.key {
        text = text.with("key", key.as_str());
    }
    if found.fact == facts::RECOVERING {
        let wait = policy.recovery.aftermath_hold.to_string();
        text = text.with("wait", TextArgument::wait(&wait));
    }
    text
}

fn in_currency_of(amount: &Money, number: Quantity) -> TextArgument {
    let currency = amount.currency();
    let minor = number.minor_units(currency.places());
    let money = minor.and_then(|minor| Money::new(minor, currency).ok());
    money.map_or_else(|| number.into(), TextArgument::Amount)
}

/// Who will have the turn; the payer's own step by its title.
fn turn_of(definition: &FlowDefinition, name: &str, step: &str, turn: Turn) -> Text {
    let key = match turn {
        Turn::Payer => {
            let step = definition.all_steps().find(|known| known.id == step);
            let title = step.map(|step| texts::title_of(name, step)).into_iter().collect();
            return Text::new("next.you").with("step", TextArgument::Keys(title));
        }
        Turn::Vendor => "next.source",
        Turn::Party(Party::BankApp) => "next.bank",
        Turn::Party(Party::Merchant) => "next.merchant",
        Turn::Party(Party::Guardian) => "next.guardian",
        Turn::Reviewer => "next.review",
        Turn::Others => "next.contacts",
        Turn::Time => "next.moment",
    };
    Text::new(key)
}

/// What is brought about on the way, where the payer has to know it.
fn brought_about(effect: FlowEffect) -> Option<Text> {
    match effect {
        FlowEffect::Hold => Some(Text::new("next.held")),
        FlowEffect::AutoRenewalOff => Some(Text::new("next.renewal_off")),
        FlowEffect::NoteObstruction => Some(Text::new("next.obstruction")),
        // Whose turn it is then is said as such; all else comes at the end alone.
        _ => None,
    }
}

/// What completing the run brings about, and when.
fn completion(policy: &Policy, definition: &FlowDefinition, state: &FlowState) -> Text {
    if definition.effect != FlowEffect::Destroy {
        return Text::new(&format!("next.{}", texts::end_of(definition.effect)));
    }
    let waits = definition.effective.as_deref().and_then(|key| {
        let earliest: Timestamp = policy.moment(key, state.last_at).ok()?;
        let wait = policy.text(key).ok()?;
        (earliest > state.last_at).then_some((wait, earliest))
    });
    match waits {
        Some((wait, earliest)) => Text::new("next.ends_after")
            .with("wait", TextArgument::wait(wait))
            .with("earliest", earliest),
        None => Text::new("next.ends_at_once"),
    }
}

/// Tries that are left at the open step, where one has failed: there is no reason to frighten who has all of them.
pub(crate) fn attempts_left(open: &OpenFlow, kind: &PromptKind) -> Option<u32> {
    // That a secret was wrong is found on the phone, before anything of it is said in the run.
    let of_secret = matches!(kind, PromptKind::PaymentPin { .. } | PromptKind::LockPassword { .. });
    if let Some(left) = open.row.attempts_left.filter(|_| of_secret) {
        return Some(left);
    }
    if open.state.failures == 0 {
        return open.state.attempts_left;
    }
    flow::attempts_left(open.rules(), &open.state)
}

/// Which of the steps that the payer counts is open, from 1, and how many there are as far as is known now.
pub(crate) fn step_numbers(open: &OpenFlow) -> (u32, u32) {
    let (number, count) = flow::progress(open.rules(), &open.state);
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    (small(number), small(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_flows::definition::{Comparison, Condition, Step};
    use quittance_flows::policy::DEFAULT_BUNDLE;
    use quittance_protocol::{AccountId, Currency};

    fn known(text: &Text) {
        assert!(KEYS.contains(&text.key.as_str()), "{}", text.key);
        assert_ne!(text.key, "because.other");
    }

    fn found(fact: &str) -> Found {
        Found {
            fact: fact.to_owned(),
            value: Quantity::ONE,
            bound: Quantity::ONE,
            key: None,
        }
    }

    fn missing(step: &Step) -> Option<(&'static str, &String)> {
        match &step.kind {
            StepKind::Guard(Condition::Holds(fact)) => Some(("because.lacks", fact)),
            StepKind::Guard(Condition::Compares { fact, comparison, .. }) => Some(match comparison {
                Comparison::AtLeast(_) | Comparison::MoreThan(_) => ("because.lacks", fact),
                Comparison::AtMost(_) | Comparison::LessThan(_) => ("because.exceeds", fact),
            }),
            _ => None,
        }
    }

    //
    #[test]
    fn every_insertion_and_every_guard_of_every_flow_has_words() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let mut guards = 0;
        for (_, definition) in policy.definitions() {
            for step in definition.all_steps() {
                if let Some(condition) = &step.insert_if {
                    known(&fact("because", &found(condition.fact()), &policy, None));
                }
                if let Some((family, name)) = missing(step) {
                    guards += 1;
                    known(&fact(family, &found(name), &policy, None));
                }
            }
        }
        assert!(guards > 10, "{guards}");
        let other = fact("because", &found("phase_of_the_moon"), &policy, None);
        assert_eq!(other.key, "because.other", "control: what nobody wrote words for");
    }

    //
    #[test]
    fn a_limit_above_the_ceiling_is_named_as_an_amount_with_what_may_be() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let cny = |minor| Money::new(minor, Currency::new("CNY").unwrap()).unwrap();
        let wish = Wish::TeenLimit {
            teen: AccountId::from_bytes([1; 16]),
            per_charge: cny(5001),
        };
        let asked = Found {
            value: "50.01".parse().unwrap(),
            bound: Quantity::whole(50),
            key: Some("teen.max_per_txn".to_owned()),
            ..found(facts::REQUESTED_LIMIT)
        };
        let text = fact("because.exceeds", &asked, &policy, Some(&wish));
        assert_eq!(text.key, "because.exceeds.requested_limit");
        assert_eq!(
            text.args,
            [
                ("value".to_owned(), TextArgument::Amount(cny(5001))),
                ("bound".to_owned(), TextArgument::Amount(cny(5000))),
                ("key".to_owned(), TextArgument::Words("teen.max_per_txn".to_owned())),
            ]
        );
        let bare = fact("because.exceeds", &asked, &policy, None);
        assert_eq!(
            bare.args[0].1,
            TextArgument::Words("50.01".to_owned()),
            "control: without a currency it is no amount"
        );
    }

    #[test]
    fn whatever_is_brought_about_has_words() {
        for effect in [
            FlowEffect::Hold,
            FlowEffect::AutoRenewalOff,
            FlowEffect::NoteObstruction,
        ] {
            known(&brought_about(effect).unwrap());
        }
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        for (name, definition) in policy.definitions() {
            let end = texts::end_of(definition.effect);
            if definition.effect != FlowEffect::Destroy {
                known(&Text::new(&format!("next.{end}")));
            }
            for step in definition.all_steps() {
                for turn in [Turn::Payer, Turn::Vendor, Turn::Reviewer, Turn::Others, Turn::Time] {
                    known(&turn_of(definition, name, &step.id, turn));
                }
            }
        }
        for party in [Party::BankApp, Party::Merchant, Party::Guardian] {
            let turn = Turn::Party(party);
            let definition = policy.flow("mandate.sign").unwrap();
            known(&turn_of(definition, "mandate.sign", "consent", turn));
        }
    }
}
