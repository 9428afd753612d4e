import Quittance
import SwiftUI

/// The ways back when the PIN is forgotten, to be read before that.
///
/// The facade has no record of which way is ready yet. Until it has, this screen names the ways that the policy has and
/// begins them; whether one is open shows when it is begun. `Way` is what such a record will replace.
struct RecoveryView: View {
    @Environment(AppModel.self) private var model

    private struct Way {
        let definition: String
        let name: String
        let says: String
    }

    private var ways: [Way] {
        [
            Way(
                definition: "recovery.transaction_quiz", name: say("flow.quiz.name"), says: say("app.recovery.quiz")),
            Way(
                definition: "recovery.trusted_contacts", name: say("flow.contacts.name"),
                says: say("app.recovery.contacts")),
        ]
    }

    var body: some View {
        NavigationStack {
            List {
                Section { Text(say("app.recovery.body")) }
                ForEach(ways, id: \.definition) { way in
                    Section {
                        Text(way.name).font(.headline)
                        Text(way.says)
                        Text(say("app.recovery.needs_network")).font(.footnote).foregroundStyle(.secondary)
                        Button(say("app.action.start")) { model.begin(way.definition) }
                            .buttonStyle(.bordered)
                            .disabled(model.work.isBusy)
                            .accessibilityIdentifier(way.definition)
                    }
                }
            }
            .navigationTitle(say("app.recovery.title"))
        }
    }
}
