import Quittance
import SwiftUI

/// A flow on the screen: the prompt with what every kind has in common, its own part, and the way out.
struct FlowView: View {
    let model: FlowModel

    var body: some View {
        NavigationStack {
            if let prompt = model.prompt {
                PromptView(model: model, prompt: prompt)
                    // Another step is another page: nothing that was typed stays.
                    .id(prompt.step)
            } else {
                ProgressView(say("app.progress.loading"))
            }
        }
        .problem(of: model.work, when: true)
    }
}

struct PromptView: View {
    let model: FlowModel
    let prompt: Prompt

    var body: some View {
        List {
            PromptHead(prompt: prompt, isResumed: model.isResumed)
            PromptBody(model: model, prompt: prompt)
            WhySection(prompt: prompt)
        }
        .safeAreaInset(edge: .bottom) { PromptActions(model: model, prompt: prompt) }
        .navigationTitle(words(prompt.title))
        .navigationBarTitleDisplayMode(.large)
    }
}

/// One renderer for each kind.
struct PromptBody: View {
    let model: FlowModel
    let prompt: Prompt

    var body: some View {
        switch prompt.kind {
        case .consent(let offer): ConsentPart(offer: offer)
        case .confirm(let mandates, let consequences): ConfirmPart(mandates: mandates, consequences: consequences)
        case .choose(let mandates, let consequences): ConfirmPart(mandates: mandates, consequences: consequences)
        case .facts(let questions): EntriesPart(model: model, prompt: prompt, questions: questions, isLong: true)
        case .fields(let questions): EntriesPart(model: model, prompt: prompt, questions: questions, isLong: false)
        case .quiz(let topic, let questions):
            QuizPart(model: model, prompt: prompt, topic: topic, questions: questions)
        case .people(let people, let atLeast):
            PeoplePart(model: model, prompt: prompt, people: people, atLeast: Int(atLeast))
        case .jump(let link): JumpPart(prompt: prompt, link: link)
        case .code(_, let digits, let validUntil, let resendFrom):
            // To which number it went, the prompt's own text says.
            CodePart(model: model, digits: Int(digits), validUntil: validUntil, resendFrom: resendFrom)
        case .biometric: NotePart(symbol: "faceid", note: say("app.biometric.out"))
        case .devicePasscode: NotePart(symbol: "lock", note: say("app.biometric.out"))
        case .paymentPin(let digits): PinPart(model: model, length: Int(digits)) { .paymentPin(pin: $0) }
        case .lockPassword(let digits): PinPart(model: model, length: Int(digits)) { .lockPassword(password: $0) }
        case .photos(let document, let images, _): PhotosPart(model: model, document: document, number: Int(images))
        case .recording(let what, _): RecordingPart(model: model, what: what)
        case .waiting(_, let since, let until, let then): WaitPart(model: model, since: since, until: until, then: then)
        case .inReview(let since, let until, let then): WaitPart(model: model, since: since, until: until, then: then)
        case .scheduled(let order, let undoUntil): ScheduledPart(order: order, undoUntil: undoUntil, next: prompt.next)
        case .done(let underWay): DonePart(prompt: prompt, results: model.results, isUnderWay: underWay)
        case .refused(_, let whatNow):
            RefusedPart(results: model.results, whatNow: prompt.next.isEmpty ? [whatNow] : prompt.next)
        }
    }
}

/// What it is about, how far it is, how much is left.
struct PromptHead: View {
    let prompt: Prompt
    let isResumed: Bool

    var body: some View {
        Section {
            if isResumed { Text(say("app.prompt.resumed")).font(.callout) }
            Text(words(prompt.body))
            ForEach(prompt.because.indices, id: \.self) { Text(words(prompt.because[$0])).font(.callout) }
            if prompt.offline { Label(say("app.prompt.offline"), systemImage: "wifi.slash").font(.callout) }
        } footer: {
            VStack(alignment: .leading) {
                if asksPayer(prompt: prompt) {
                    Text(
                        say(
                            "app.prompt.progress",
                            ["number": count(prompt.stepNumber), "steps": count(prompt.stepCount)]))
                    if let deadline = prompt.deadline {
                        Text(say("app.prompt.deadline", ["deadline": .moment(deadline)]))
                    }
                }
                if let left = prompt.attemptsLeft {
                    Text(say("app.prompt.attempts_left", ["attempts": count(left)]))
                }
            }
        }
    }
}

/// Why it is asked and what comes next, for those who want to know.
struct WhySection: View {
    let prompt: Prompt
    @State private var isOpen = false

    var body: some View {
        Section {
            DisclosureGroup(say("app.prompt.why"), isExpanded: $isOpen) {
                Text(words(prompt.why))
                if !isOver(prompt) {
                    ForEach(prompt.next.indices, id: \.self) { Text(words(prompt.next[$0])) }
                }
                if !prompt.rules.isEmpty {
                    let rules = prompt.rules.joined(separator: say("app.list.separator"))
                    Text(say("app.details.rules", ["rules": .words(rules)])).font(.footnote)
                }
            }
            .accessibilityIdentifier("why")
        }
    }
}

/// The main action where its kind has no control of its own for it, and the way out with the same weight. In reach of a
/// thumb however long the page is.
struct PromptActions: View {
    let model: FlowModel
    let prompt: Prompt

    var body: some View {
        VStack {
            if model.work.isBusy { ProgressView(say("app.progress.working")) }
            if let primary = prompt.primary, let answer {
                Button {
                    model.answer(answer)
                } label: {
                    Text(words(primary)).frame(maxWidth: .infinity)
                }
                .buttonStyle(.borderedProminent)
                .accessibilityIdentifier("primary")
            }
            Button {
                model.quit()
            } label: {
                Text(wayOut).frame(maxWidth: .infinity)
            }
            .buttonStyle(.bordered)
            .accessibilityIdentifier("quiet")
        }
        .controlSize(.large)
        .disabled(model.work.isBusy)
        .padding()
        .background(.bar)
    }

    private var wayOut: String {
        if asksPayer(prompt: prompt) { return prompt.quiet.map { words($0) } ?? say("app.action.close") }
        return say(isOver(prompt) ? "app.action.done" : "app.action.close")
    }

    /// Kinds that are answered by one tap.
    private var answer: Answer? {
        switch prompt.kind {
        case .consent: .agree
        case .confirm, .choose: .confirm
        case .biometric: .useBiometric
        case .devicePasscode: .usePasscode
        default: nil
        }
    }
}

/// Whether the flow has come to its end.
func isOver(_ prompt: Prompt) -> Bool {
    switch prompt.kind {
    case .scheduled, .done, .refused: true
    default: false
    }
}
