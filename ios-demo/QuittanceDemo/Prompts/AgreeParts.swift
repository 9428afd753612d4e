import Quittance
import SwiftUI

/// The terms that are agreed to, numbers first.
struct ConsentPart: View {
    let offer: Offer

    var body: some View {
        Section {
            Text(offer.terms.service).font(.headline)
            Text(offer.terms.merchantName).foregroundStyle(.secondary)
            ForEach(offer.terms.bounds, id: \.self) { Text($0).monospacedDigit() }
            ForEach(offer.terms.conditions, id: \.self) { Text($0).font(.subheadline) }
        } header: {
            Text(say("app.terms.title"))
        } footer: {
            VStack(alignment: .leading) {
                Text(say("app.offer.unverified"))
                Text(say("app.offer.until", ["until": .moment(offer.expiresAt)]))
            }
        }
    }
}

/// What it is done to, and what follows, before consent.
struct ConfirmPart: View {
    let mandates: [AffectedMandate]
    let consequences: [PromptText]

    var body: some View {
        if !mandates.isEmpty {
            Section(say("app.prompt.mandates")) {
                ForEach(mandates, id: \.mandate) { mandate in
                    VStack(alignment: .leading) {
                        Text(mandate.service).font(.headline)
                        Text(mandate.merchantName).font(.subheadline).foregroundStyle(.secondary)
                    }
                    .accessibilityElement(children: .combine)
                }
            }
        }
        if !consequences.isEmpty {
            Section(say("app.prompt.consequences")) {
                ForEach(consequences, id: \.key) { Text(words($0)) }
            }
        }
    }
}

/// The system's own sheet comes next: what is shown here is the way out.
struct NotePart: View {
    let symbol: String
    let note: String

    var body: some View {
        Section { Label(note, systemImage: symbol).font(.callout) }
    }
}

/// Another app has to be opened; it leads back by its link.
struct JumpPart: View {
    @Environment(\.openURL) private var openURL
    let prompt: Prompt
    let link: String

    var body: some View {
        Section {
            if let url = URL(string: link) {
                Button(prompt.primary.map { words($0) } ?? say("app.action.continue")) { openURL(url) }
                    .buttonStyle(.borderedProminent)
                    .accessibilityIdentifier("primary")
            }
        } footer: {
            Text(say("app.jump.back"))
        }
    }
}
