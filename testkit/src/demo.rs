//! The demo: one mandate's whole life, told in lines.

use crate::liar::{Catch, Lie, WAKE_PATH};
use crate::phone_protocol::Command;
use crate::process::Programs;
use crate::story::{Casting, PIN, Side, Story, cny};
use crate::thief::{Loot, Victim, open_copy};
use quittance_protocol::MandateId;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Tells the whole story. What an export needs is kept in `out`, where one is given.
///
/// # Errors
/// Where the story does not go as it must; the text says at which point.
pub async fn tell(programs: &Programs, out: Option<&Path>) -> io::Result<()> {
    let stage = tempfile::tempdir()?;
    let stage = stage.path();
    let mut story = Story::open(programs.clone(), &stage.join("honest"), &Casting::default(), false).await?;
    let mandate = begin(&mut story, true).await?;

    say(
        "3",
        "A thief copies the phone's files, the gateway's database and vault, and a permit on its way.",
    );
    let permit = story
        .ask(&Command::Permit {
            mandate,
            amount: cny(2000)?,
            challenge: "till-7".to_owned(),
        })
        .await?;
    let permit = permit
        .get("permit")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let copies = stage.join("copies");
    copy_images(&stage.join("honest"), &copies)?;

    say(
        "4",
        "The payer stops it: thumb, confirm, PIN. While both halves are being destroyed, both processes",
    );
    more("are killed from outside (SIGKILL), then started again.");
    let order_at = interrupted_cancel(&mut story, mandate).await?;
    more(order_at);
    let closed = story.ask(&Story::cancel(mandate)).await?;
    must(
        closed.get("state").and_then(Value::as_str) == Some("closed"),
        "the phone says closed",
        &closed,
    )?;
    more("Both went on where they were: CLOSED, checked by the phone itself against the public log.");

    say("5", "The thief is given every copy and all keys that exist today.");
    let honest = stage.join("honest");
    let stolen = steal(&copies, &[honest.join("phone/keys")], &[honest.join("gateway/keys")])?;
    must(stolen == [0, 0], "nothing opens", &format!("{stolen:?}").into())?;
    more("phone's copy: nothing opens. Gateway's copy: nothing opens.");
    control(programs, stage).await?;

    say(
        "6",
        "The merchant tries again, by mandate, then with the copied permit.",
    );
    for (reference, permit) in [("ride-9", None), ("till-7", Some(permit.as_str()))] {
        let answer = story.charge(mandate, 2000, reference, permit).await;
        let code = answer
            .json
            .pointer("/decision/code")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        must(
            code == "token_destroyed",
            "the charge is refused as token_destroyed",
            &answer.json,
        )?;
    }
    story.ask(&Command::Sync).await?;
    let events = story.ask(&Command::Events).await?;
    must(
        events.to_string().contains("dead_token_used"),
        "the alarm rings",
        &events,
    )?;
    more("Refused twice: token_destroyed. The payer's alarm rings: a dead token was used.");

    say(
        "7",
        "The receipt is checked by a small program that knows the log's public key, nothing else.",
    );
    let folder = out.map_or_else(|| stage.join("out"), Path::to_owned);
    story
        .ask(&Command::Export {
            order: None,
            folder: folder.clone(),
        })
        .await?;
    std::fs::write(folder.join("statements/permit.jws"), &permit)?;
    let bytes = check_receipt(programs, &folder)?;

    say(
        "8",
        "What it took (a second mandate, cancelled without an interruption):",
    );
    let offer = story.offer().await?;
    let second = story.sign(&offer).await?;
    let timed = story.ask(&Story::cancel(second)).await?;
    let figure = |name: &str| timed.get(name).map(ToString::to_string).unwrap_or_default();
    more(format!(
        "PIN typed to closed: {} ms, of which {} ms destroying on the phone",
        figure("pin_to_closed_ms"),
        figure("phone_destroy_ms")
    ));
    if let Some(milliseconds) = gateway_destroy_ms(&stage.join("honest/gateway.log")) {
        more(format!(
            "and {milliseconds} ms destroying at the gateway. The receipt has {bytes} bytes."
        ));
    } else {
        more(format!("The receipt has {bytes} bytes."));
    }
    if let Some(out) = out {
        println!(
            "\nKept in {}: receipt.tlog-proof, tampered.tlog-proof, annex.json (private), log.vkey, entry.bin, statements/",
            out.display()
        );
    }
    Ok(())
}

/// Names every lie, one line each.
pub fn list_lies() {
    let width = Lie::ALL.iter().map(|lie| lie.name().len()).max().unwrap_or(0);
    for lie in Lie::ALL {
        println!("{:width$}  {}", lie.name(), lie.does());
    }
}

/// Tells the short story of a gateway that lies: the phone must not believe more than is so.
///
/// # Errors
/// Where the phone believes the lie.
pub async fn tell_lie(programs: &Programs, lie: Lie) -> io::Result<()> {
    let stage = tempfile::tempdir()?;
    let casting = Casting {
        gateway_program: Some("quittance-hostile-gateway"),
        gateway_arguments: vec!["--lie".to_owned(), lie.name().to_owned()],
        ..Casting::default()
    };
    let mut story = Story::open(programs.clone(), &stage.path().join("lie"), &casting, false).await?;
    let mandate = begin(&mut story, true).await?;
    if lie.needs_another() {
        let offer = story.offer().await?;
        let earlier = story.sign(&offer).await?;
        story.ask(&Story::cancel(earlier)).await?;
    }
    say("3", "The payer stops it: thumb, confirm, PIN. The gateway lies:");
    more(lie.does());
    story.http.post(WAKE_PATH, &Value::Null).await;
    if lie.needs_a_consent() {
        let offer = story.offer().await?;
        let _refused = story.sign(&offer).await;
    }
    // What fails here is told by the events and by where the order stands.
    let end = story.ask(&Story::cancel(mandate)).await.unwrap_or_default();
    let contact = story.ask(&Command::Sync).await;
    let events = story.ask(&Command::Events).await?;
    // A contact that was refused half-way may have closed before.
    let told = |event: &Value| event.get("event").and_then(Value::as_str) == Some("closed");
    let closed = events.as_array().is_some_and(|events| events.iter().any(told));
    let fallback = if closed { "closed" } else { "not closed" };
    let state = end.get("state").and_then(Value::as_str).unwrap_or(fallback).to_owned();
    let believed = state == "closed";
    let reason = find_text(&events, "reason");
    let seen = serde_json::json!({ "state": state, "events": events });
    match lie.caught() {
        Catch::Disputed(_) | Catch::Convicted | Catch::Forked => {
            must(!believed, "the phone does not say closed", &seen)?;
            must(reason.is_some(), "the phone says why", &seen)?;
            let reason = reason.unwrap_or_default();
            more(format!(
                "The phone does NOT say closed. It says: {state}, because {reason}."
            ));
            more("No payment leaves this phone all the same; what was shown is kept as evidence.");
        }
        Catch::Pending => {
            must(!believed, "the phone does not say closed", &seen)?;
            more(format!(
                "The phone does NOT say closed. It says: {state}, and goes on asking."
            ));
        }
        Catch::OneSided => {
            must(!believed, "the phone does not say closed", &seen)?;
            more(format!("The phone does NOT say closed by both. It says: {state}."));
        }
        Catch::Refused(_) => {
            must(contact.is_err(), "the phone refuses the answer", &seen)?;
            more(format!(
                "The phone refuses the answer. What is true counts all the same: {state}."
            ));
        }
        Catch::Outlived => more(format!("It changes nothing: {state}, checked by the phone itself.")),
        Catch::Contradicted => {
            must(
                events.to_string().contains("charged_after_end"),
                "the phone tells of a charge after the end",
                &seen,
            )?;
            more("The phone tells its payer: a charge after the end, and which receipt it contradicts.");
        }
        Catch::Elsewhere(who) => {
            more(format!("This phone alone cannot tell. It says: {state}. Who can:"));
            more(format!("{who}."));
        }
    }
    Ok(())
}

/// Steps 1 and 2, for every telling.
async fn begin(story: &mut Story, aloud: bool) -> io::Result<MandateId> {
    story.revive().await?;
    let enrolled = story.ask(&Command::Enrol { pin: PIN.to_owned() }).await?;
    if aloud {
        let (gateway, phone) = story.ids();
        let id = |id: Option<u32>| id.map_or_else(String::new, |id| id.to_string());
        say(
            "1",
            format!(
                "A gateway (process {}) and a phone (process {}) start. The phone enrols.",
                id(gateway),
                id(phone)
            ),
        );
        let level = enrolled
            .get("evidence_level")
            .and_then(Value::as_str)
            .unwrap_or("?")
            .to_owned();
        let store = enrolled
            .get("key_store")
            .and_then(Value::as_str)
            .unwrap_or("?")
            .to_owned();
        more(format!(
            "Its keys are {} keys: evidence level {level}, and it says so.",
            store.to_uppercase()
        ));
    }
    let offer = story.offer().await?;
    let mandate = story.sign(&offer).await?;
    let good = story.charge(mandate, 3000, "ride-1", None).await;
    must(
        good.json.pointer("/decision/decision").and_then(Value::as_str) == Some("approved"),
        "CNY 30.00 pass",
        &good.json,
    )?;
    let above = story.charge(mandate, 6000, "ride-2", None).await;
    let code = above
        .json
        .pointer("/decision/code")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    must(code == "limit_exceeded", "CNY 60.00 are declined", &above.json)?;
    if aloud {
        say(
            "2",
            "The payer signs a permission from a merchant's offer: Bluebird Rides, at most CNY 50.00 a charge.",
        );
        more(format!(
            "A charge of CNY 30.00 passes. One of CNY 60.00 is declined: {code}."
        ));
    }
    Ok(mandate)
}

/// Cancels, kills both sides as soon as the order stands in the public log; says what was seen.
async fn interrupted_cancel(story: &mut Story, mandate: MandateId) -> io::Result<String> {
    let before = log_size(story).await;
    let watch = story.http.clone();
    let order = async move {
        loop {
            let size = size_of(&watch.get("/log/checkpoint").await.text);
            if size > before {
                return size - before;
            }
            tokio::task::yield_now().await;
        }
    };
    let command = Story::cancel(mandate);
    let seen = tokio::select! {
        entries = order => Some(entries),
        _ = story.try_ask(&command) => None,
    };
    story.kill(Side::Gateway).await?;
    story.kill(Side::Phone).await?;
    story.revive().await?;
    Ok(match seen {
        Some(entries) => format!("(killed with {entries} of 3 entries in the log; order, destroyed, closure)"),
        None => "(both were faster than the killer this time: killed right after the end)".to_owned(),
    })
}

/// The control: the same with keystores that keep their old keys. Now the thief wins.
async fn control(programs: &Programs, stage: &Path) -> io::Result<()> {
    let folder = stage.join("control");
    let kept = |side: &str| folder.join(format!("{side}-kept"));
    let text = |path: PathBuf| path.display().to_string();
    let casting = Casting {
        gateway_program: Some("quittance-hostile-gateway"),
        gateway_arguments: vec!["--keep-old-keys".to_owned(), text(kept("gateway"))],
        phone_arguments: vec!["--keep-old-keys".to_owned(), text(kept("phone"))],
        ..Casting::default()
    };
    let mut story = Story::open(programs.clone(), &folder, &casting, false).await?;
    let mandate = begin(&mut story, false).await?;
    let copies = stage.join("control-copies");
    copy_images(&folder, &copies)?;
    story.ask(&Story::cancel(mandate)).await?;
    let phone = loot(&copies, "phone", Victim::Phone, &[kept("phone")])?;
    let gateway = loot(&copies, "gateway", Victim::Gateway, &[kept("gateway")])?;
    let half = |found: &[Loot]| found.first().map(|l| l.half.chars().take(16).collect::<String>());
    let (Some(own), Some(other)) = (half(&phone), half(&gateway)) else {
        return Err(io::Error::other(
            "the control failed: with the old keys kept, the thief must win",
        ));
    };
    more("Control, the same with keystores that secretly keep their old keys: the thief prints both halves,");
    more(format!("s_t = {own}… and g_t = {other}…"));
    Ok(())
}

fn steal(copies: &Path, phone_keys: &[PathBuf], gateway_keys: &[PathBuf]) -> io::Result<[usize; 2]> {
    Ok([
        loot(copies, "phone", Victim::Phone, phone_keys)?.len(),
        loot(copies, "gateway", Victim::Gateway, gateway_keys)?.len(),
    ])
}

fn loot(copies: &Path, side: &str, victim: Victim, keys: &[PathBuf]) -> io::Result<Vec<Loot>> {
    let file = match victim {
        Victim::Phone => "wallet.vault",
        Victim::Gateway => "vault.sqlite",
    };
    let image = copies.join(side).join(file);
    if !image.exists() {
        return Err(io::Error::other(format!("the thief found no {}", image.display())));
    }
    open_copy(&image, keys, victim)
}

/// Copies everything but the key folders, which stand for hardware.
fn copy_images(from: &Path, to: &Path) -> io::Result<()> {
    for side in ["phone", "gateway"] {
        let target = to.join(side);
        std::fs::create_dir_all(&target)?;
        for entry in std::fs::read_dir(from.join(side))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), target.join(entry.file_name()))?;
            }
        }
    }
    Ok(())
}

fn check_receipt(programs: &Programs, folder: &Path) -> io::Result<u64> {
    let receipt = folder.join("receipt.tlog-proof");
    let tampered = folder.join("tampered.tlog-proof");
    let mut bytes = std::fs::read(&receipt)?;
    let length = bytes.len() as u64;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    std::fs::write(&tampered, bytes)?;
    let check = |file: &Path| -> io::Result<(bool, String)> {
        let output = std::process::Command::new(programs.path("check-receipt"))
            .arg(folder.join("log.vkey"))
            .arg(file)
            .output()?;
        Ok((
            output.status.success(),
            String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        ))
    };
    let (valid, words) = check(&receipt)?;
    must(valid, "the receipt is valid", &words.clone().into())?;
    more(words);
    let (valid, words) = check(&tampered)?;
    must(!valid, "the tampered receipt is refused", &words.clone().into())?;
    more(format!("with one bit flipped: {words}"));
    Ok(length)
}

async fn log_size(story: &Story) -> u64 {
    size_of(&story.http.get("/log/checkpoint").await.text)
}

fn size_of(checkpoint: &str) -> u64 {
    checkpoint
        .lines()
        .nth(1)
        .and_then(|size| size.parse().ok())
        .unwrap_or(0)
}

/// The last `destroy_ms` of the gateway's own log.
fn gateway_destroy_ms(log: &Path) -> Option<String> {
    let text = std::fs::read_to_string(log).ok()?;
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter_map(|line| find(&line, "destroy_ms").map(ToString::to_string))
        .next_back()
}

fn find<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members
            .get(name)
            .or_else(|| members.values().find_map(|inner| find(inner, name))),
        Value::Array(items) => items.iter().find_map(|inner| find(inner, name)),
        _ => None,
    }
}

fn find_text(value: &Value, name: &str) -> Option<String> {
    find(value, name).and_then(Value::as_str).map(str::to_owned)
}

fn must(holds: bool, what: &str, seen: &Value) -> io::Result<()> {
    if holds {
        Ok(())
    } else {
        Err(io::Error::other(format!("expected: {what}; seen: {seen}")))
    }
}

fn say(number: &str, line: impl AsRef<str>) {
    println!("\n{number}  {}", line.as_ref());
}

fn more(line: impl AsRef<str>) {
    println!("   {}", line.as_ref());
}

/// How long a telling took, in words.
pub fn took(since: Instant) -> String {
    format!("\nDone in {:.1} s.", since.elapsed().as_secs_f64())
}
