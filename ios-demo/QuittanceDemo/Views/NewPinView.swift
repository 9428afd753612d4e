import SwiftUI

/// Chooses a new payment PIN after a recovery. Whether one is open, the gateway knows: it takes no PIN otherwise.
struct NewPinView: View {
    @Environment(AppModel.self) private var model
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        NavigationStack {
            List {
                NewPinSection()
                Section { Button(say("app.action.cancel")) { dismiss() } }
            }
            .navigationTitle(say("app.recovery.new_pin.title"))
            .problem(of: model.work, when: true)
        }
    }
}

/// What choosing it does, then the pad.
struct NewPinSection: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        Section {
            Text(say("app.recovery.new_pin.body"))
            NewPinPad(length: PinLength.payment, again: say("app.enrol.pin.again")) { model.chooseNewPin($0) }
                .disabled(model.work.isBusy)
        } header: {
            Text(say("app.recovery.new_pin.title"))
        }
    }
}
