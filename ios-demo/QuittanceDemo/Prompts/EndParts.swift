import Quittance
import SwiftUI

/// Somebody else has the turn: since when, until when, and what happens if nobody answers.
struct WaitPart: View {
    let model: FlowModel
    let since: Date
    let until: Date?
    let then: PromptText?

    var body: some View {
        Section {
            Text(say("app.prompt.since", ["since": .moment(since)]))
            Text(until.map { say("app.prompt.at_the_latest", ["until": .moment($0)]) } ?? say("app.prompt.no_limit"))
            if let then { Text(words(then)) }
            Button(say("app.action.refresh")) { model.lookAgain() }
                .disabled(model.work.isBusy)
                .accessibilityIdentifier("look-again")
        }
    }
}

/// Done, and effective later: until then it can be taken back.
struct ScheduledPart: View {
    @Environment(AppModel.self) private var app
    let order: String
    let undoUntil: Date
    let next: [PromptText]

    var body: some View {
        Section {
            Label(say("app.undo.until", ["until": .moment(undoUntil)]), systemImage: "hourglass")
            // Until when it can be taken back is said already.
            ForEach(next.filter { $0.key != "next.undo_until" }, id: \.key) { Text(words($0)) }
            Button(say("app.action.take_back")) { app.begin("mandate.undo", wish: .undoOrder(order: order)) }
                .buttonStyle(.bordered)
                .accessibilityIdentifier("take-back")
        }
    }
}

/// Done; where it names more than one permission, what became of each.
struct DonePart: View {
    let prompt: Prompt
    let results: [FlowModel.Outcome]
    let isUnderWay: Bool

    var body: some View {
        if !prompt.next.isEmpty {
            Section { ForEach(prompt.next.indices, id: \.self) { Text(words(prompt.next[$0])) } }
        }
        // A recovery ends with the way open to a new PIN, once: here, or later from the news and the recovery page.
        if prompt.definition.hasPrefix("recovery.") { NewPinSection() }
        if isUnderWay { Section { Label(say("app.prompt.under_way"), systemImage: "hourglass") } }
        ResultsSection(results: results)
    }
}

/// It ended without its effect: what can be done now.
struct RefusedPart: View {
    let results: [FlowModel.Outcome]
    let whatNow: [PromptText]

    var body: some View {
        Section(say("app.prompt.what_now")) {
            ForEach(whatNow.indices, id: \.self) { Text(words(whatNow[$0])) }
        }
        ResultsSection(results: results)
    }
}

struct ResultsSection: View {
    let results: [FlowModel.Outcome]

    var body: some View {
        if !results.isEmpty {
            Section(say("app.batch.title")) {
                ForEach(results) { result in
                    VStack(alignment: .leading) {
                        Text(result.service).font(.headline)
                        Text(result.outcome.sentence)
                    }
                    .accessibilityElement(children: .combine)
                }
            }
        }
    }
}
