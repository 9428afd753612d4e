import Quittance
import SwiftUI

/// The ways back when the PIN is forgotten, to be read before that: ready, or what each still needs.
struct RecoveryView: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        NavigationStack {
            List {
                Section { Text(say("app.recovery.body")) }
                ForEach(model.recovery?.ways ?? [], id: \.definition) { WaySection(way: $0) }
                NewPinLink()
                Section {
                    Text(age).font(.footnote).foregroundStyle(.secondary)
                    Button(say("app.action.refresh")) { model.sync() }
                        .disabled(model.work.isBusy)
                        .accessibilityIdentifier("refresh-recovery")
                }
            }
            .navigationTitle(say("app.recovery.title"))
        }
    }

    private var age: String {
        guard let told = model.recovery?.asOf else { return say("app.recovery.never_heard") }
        return say("app.recovery.as_of", ["at": .moment(told)])
    }
}

/// Leads to the new PIN where a recovery was left before it was chosen. What is kept on the phone does not tell that, so
/// it is always there.
private struct NewPinLink: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        Section {
            Text(say("next.pin_reset"))
            Button(say("app.recovery.new_pin.title")) { model.choosesPin = true }
                .buttonStyle(.bordered)
                .disabled(model.work.isBusy)
                .accessibilityIdentifier("new-pin")
        }
    }
}

/// One way back.
private struct WaySection: View {
    @Environment(AppModel.self) private var model
    let way: WayBack

    var body: some View {
        Section {
            Text(words(way.name)).font(.headline)
            Text(words(way.about))
            if way.ready {
                Label(say("app.recovery.ready"), systemImage: "checkmark.circle")
            } else if !way.mayBegin {
                Label(say("app.recovery.not_ready"), systemImage: "exclamationmark.triangle")
            }
            ForEach(way.needs, id: \.says.key) { need in
                Text(words(need.says)).font(.footnote)
                if case .contacts = need.kind {
                    Button(say("app.action.choose_contacts")) { model.begin("contacts.set") }
                        .buttonStyle(.bordered)
                        .disabled(model.work.isBusy)
                        .accessibilityIdentifier("choose-contacts")
                }
            }
            if way.mayBegin {
                Text(say("app.recovery.needs_network")).font(.footnote).foregroundStyle(.secondary)
                Button(say("app.action.start")) { model.begin(way.definition) }
                    .buttonStyle(.bordered)
                    .disabled(model.work.isBusy)
                    .accessibilityIdentifier(way.definition)
            }
        }
    }
}
