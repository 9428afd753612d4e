import Quittance
import SwiftUI

/// A PIN or the lock's password, on our own pad.
struct PinPart: View {
    let model: FlowModel
    let answer: @MainActor (Data) -> Answer
    @State private var entry: PinEntry

    init(model: FlowModel, length: Int, answer: @escaping @MainActor (Data) -> Answer) {
        self.model = model
        self.answer = answer
        _entry = State(initialValue: PinEntry(length: length))
    }

    var body: some View {
        Section {
            PinPad(entry: entry) { model.answer(with: $0, answer) }
                .disabled(model.work.isBusy)
        }
    }
}

/// A code that was sent.
struct CodePart: View {
    let model: FlowModel
    let validUntil: Date
    let resendFrom: Date
    @State private var entry: PinEntry

    init(model: FlowModel, digits: Int, validUntil: Date, resendFrom: Date) {
        self.model = model
        self.validUntil = validUntil
        self.resendFrom = resendFrom
        _entry = State(initialValue: PinEntry(length: digits))
    }

    var body: some View {
        Section {
            PinPad(entry: entry) { model.answer(with: $0) { .code(code: $0) } }
                .disabled(model.work.isBusy)
            Button(say("app.action.send_again")) { model.answer(.sendAgain) }
                .disabled(model.work.isBusy)
                .accessibilityIdentifier("send-again")
        } header: {
            Text(say("app.code.field", ["digits": count(entry.length)]))
        } footer: {
            VStack(alignment: .leading) {
                if validUntil <= Manner.current.now() {
                    Text(say("app.code.expired"))
                } else {
                    Text(say("app.code.valid_until", ["until": .moment(validUntil)]))
                }
                Text(say("app.code.resend_from", ["from": .moment(resendFrom)]))
            }
        }
    }
}

/// Questions that are answered in words: facts for a person, fields of a card.
struct EntriesPart: View {
    let model: FlowModel
    let prompt: Prompt
    let questions: [PromptText]
    let isLong: Bool
    @State private var entries: [String]

    init(model: FlowModel, prompt: Prompt, questions: [PromptText], isLong: Bool) {
        self.model = model
        self.prompt = prompt
        self.questions = questions
        self.isLong = isLong
        _entries = State(initialValue: questions.map { _ in "" })
    }

    var body: some View {
        ForEach(questions.indices, id: \.self) { index in
            Section(words(questions[index])) {
                TextField(
                    isLong ? say("app.facts.field") : words(questions[index]), text: $entries[index], axis: .vertical
                )
                .autocorrectionDisabled(!isLong)
                .privacySensitive()
            }
        }
        SendSection(model: model, prompt: prompt, isReady: entries.allSatisfy { !$0.isEmpty }) {
            .entered(entries: entries)
        }
    }
}

/// Questions about the payer's own charges: typed, or one of several.
struct QuizPart: View {
    let model: FlowModel
    let prompt: Prompt
    let topic: QuizTopic
    let questions: [QuizQuestion]
    @State private var entries: [String]

    init(model: FlowModel, prompt: Prompt, topic: QuizTopic, questions: [QuizQuestion]) {
        self.model = model
        self.prompt = prompt
        self.topic = topic
        self.questions = questions
        _entries = State(initialValue: questions.map { _ in "" })
    }

    var body: some View {
        ForEach(questions.indices, id: \.self) { index in
            Section(say("app.quiz.number", ["number": count(index + 1), "charges": count(questions.count)])) {
                Text(questions[index].about)
                if questions[index].choices.isEmpty {
                    TextField(field, text: $entries[index]).autocorrectionDisabled()
                } else {
                    Picker(field, selection: $entries[index]) {
                        ForEach(questions[index].choices, id: \.self) { Text($0).tag($0) }
                    }
                    .pickerStyle(.inline)
                }
            }
            .privacySensitive()
        }
        SendSection(model: model, prompt: prompt, isReady: entries.allSatisfy { !$0.isEmpty }) {
            .entered(entries: entries)
        }
    }

    private var field: String {
        switch topic {
        case .amounts, .amountsAgain: say("app.quiz.amount")
        case .merchants: say("app.quiz.merchant")
        case .dates: say("app.quiz.date")
        }
    }
}

/// People to name: as many as are needed, or more.
struct PeoplePart: View {
    let model: FlowModel
    let prompt: Prompt
    let people: [NamedPerson]
    let atLeast: Int
    @State private var chosen: [String] = []

    var body: some View {
        Section {
            ForEach(people, id: \.account) { person in
                Button {
                    toggle(person.account)
                } label: {
                    Label(
                        person.name, systemImage: chosen.contains(person.account) ? "checkmark.square.fill" : "square")
                }
                .buttonStyle(.plain)
            }
        } footer: {
            Text(say("app.people.chosen", ["count": count(chosen.count), "at_least": count(atLeast)]))
        }
        .privacySensitive()
        SendSection(model: model, prompt: prompt, isReady: chosen.count >= atLeast) { .entered(entries: chosen) }
    }

    private func toggle(_ account: String) {
        if chosen.contains(account) { chosen.removeAll { $0 == account } } else { chosen.append(account) }
    }
}

/// The main action of what is typed or chosen.
struct SendSection: View {
    let model: FlowModel
    let prompt: Prompt
    let isReady: Bool
    let answer: @MainActor () -> Answer

    var body: some View {
        Section {
            Button(prompt.primary.map { words($0) } ?? say("app.action.continue")) { model.answer(answer()) }
                .buttonStyle(.borderedProminent)
                .controlSize(.large)
                .disabled(!isReady || model.work.isBusy)
                .accessibilityIdentifier("primary")
        }
    }
}
