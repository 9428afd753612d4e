import SwiftUI

/// Sets the phone up: what it is for, then a payment PIN.
struct WelcomeView: View {
    @Environment(AppModel.self) private var model
    @State private var choosesPin = false

    var body: some View {
        NavigationStack {
            List {
                if model.work.isBusy {
                    Section {
                        ProgressView(say("app.enrol.working"))
                        Text(say("app.enrol.working.body"))
                    }
                } else if choosesPin {
                    Section {
                        Text(say("app.enrol.pin.body", ["digits": count(PinLength.payment)]))
                        NewPinPad(length: PinLength.payment, again: say("app.enrol.pin.again")) { model.enrol($0) }
                    }
                } else {
                    Section {
                        Label(say("app.enrol.see"), systemImage: "list.bullet")
                        Label(say("app.enrol.stop"), systemImage: "pause.circle")
                        Label(say("app.enrol.proof"), systemImage: "doc.text")
                    }
                    Section {
                        Button(say("app.action.start")) { choosesPin = true }
                            .buttonStyle(.borderedProminent)
                            .accessibilityIdentifier("start")
                    }
                }
            }
            .navigationTitle(say(choosesPin ? "app.enrol.pin.title" : "app.enrol.title"))
        }
    }
}
