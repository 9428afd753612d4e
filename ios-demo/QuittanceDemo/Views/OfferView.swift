import Quittance
import SwiftUI

/// Reads a merchant's offer, which allows nothing yet.
struct OfferView: View {
    @Environment(AppModel.self) private var model
    @Environment(\.dismiss) private var dismiss
    @State private var text = ""
    @State private var isUnreadable = false

    var body: some View {
        NavigationStack {
            List {
                Section {
                    TextField(say("app.offer.field"), text: $text)
                        .textInputAutocapitalization(.never)
                        .autocorrectionDisabled()
                } footer: {
                    Text(say(isUnreadable ? "app.offer.unreadable" : "app.offer.body"))
                }
                Section {
                    Button(say("app.action.read_offer")) { read() }
                        .buttonStyle(.borderedProminent)
                        .disabled(text.isEmpty)
                        .accessibilityIdentifier("read-offer")
                    Button(say("app.action.cancel")) { dismiss() }
                }
            }
            .navigationTitle(say("app.offer.title"))
        }
    }

    private func read() {
        guard let wallet = model.wallet, (try? wallet.readOffer(text: text)) != nil else {
            isUnreadable = true
            return
        }
        model.sign(text)
        dismiss()
    }
}
