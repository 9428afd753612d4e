import Quittance
import SwiftUI

/// The lock, what was stopped, what is worth a look, and the account's devices.
struct SecurityView: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        NavigationStack {
            List {
                LockSection()
                StopsSection()
                if let security = model.security {
                    CheckupSection(parts: security.checkup)
                    ForEach(security.devices, id: \.device) { device in
                        DeviceSection(device: device, account: security.account, isAlone: security.devices.count == 1)
                    }
                }
            }
            .navigationTitle(say("app.security.title"))
        }
    }
}

/// The safety lock, with its own password.
struct LockSection: View {
    @Environment(AppModel.self) private var model
    @State private var asks = false

    var body: some View {
        @Bindable var model = model
        Section(say("app.lock.title")) {
            if let lock = model.stopping?.lock {
                Label(say("app.lock.on", ["until": .moment(lock.until)]), systemImage: "lock")
                Text(lockTrigger(lock.trigger))
                Text(say("app.lock.since", ["since": .moment(lock.since)])).font(.footnote)
                Text(say(lock.told ? "app.lock.told" : "app.lock.not_told")).font(.footnote)
                if model.stopping?.lockPasswordSet == true {
                    Button(say("app.action.end_lock")) { model.begin("lock.release") }
                        .buttonStyle(.bordered)
                        .accessibilityIdentifier("end-lock")
                }
                if !lock.longer.isEmpty {
                    Text(say("app.action.extend_lock")).font(.headline)
                    Text(say("app.lock.extend.title")).font(.footnote)
                }
                ForEach(lock.longer, id: \.self) { until in
                    Button(written(.moment(until))) { model.begin("lock.extend", wish: .extendLock(until: until)) }
                        .buttonStyle(.bordered)
                }
            } else {
                Text(say("app.lock.off"))
                Button(say("app.action.pause_everything"), systemImage: "lock") { asks = true }
                    .accessibilityIdentifier("pause-everything")
                    .sheet(isPresented: $asks) { PauseEverythingView().environment(model).covered() }
            }
        }
        .disabled(model.work.isBusy)
        Section(say("app.lock_password.title")) {
            let isSet = model.stopping?.lockPasswordSet ?? false
            Text(say(isSet ? "app.lock_password.set" : "app.lock_password.not_set"))
            if !isSet {
                Button(say("app.action.set_password")) { model.setsLockPassword = true }
                    .accessibilityIdentifier("set-lock-password")
                    .sheet(isPresented: $model.setsLockPassword) { LockPasswordView().environment(model).covered() }
            }
        }
    }
}

/// What stays stopped, later permissions included.
struct StopsSection: View {
    @Environment(AppModel.self) private var model

    var body: some View {
        Section {
            let stops = model.stopping?.stops ?? []
            if stops.isEmpty { Text(say("app.stop.empty")) }
            ForEach(stops, id: \.self) { stop in
                VStack(alignment: .leading) {
                    Text(stop.sentence(merchantName: name))
                    Button(say("app.action.lift")) { model.begin("stop.lift", wish: .liftStop(stop: stop)) }
                        .buttonStyle(.bordered)
                        .disabled(model.work.isBusy)
                }
            }
        } header: {
            Text(say("app.stop.title"))
        } footer: {
            Text(say("app.stop.body"))
        }
    }

    private func name(_ merchant: String) -> String {
        model.permissions?.permissions.first { $0.merchant == merchant }?.terms.merchantName ?? shortened(merchant)
    }
}

/// How a device keeps its secrets, and why that is not believed to be stronger.
struct DeviceSection: View {
    let device: AccountDevice
    let account: String
    let isAlone: Bool
    @State private var showsDetails = false

    var body: some View {
        Section(say("app.device.title")) {
            if isAlone { Text(say("app.device.only_one")) }
            Text(say("app.device." + keyName(device.keyStore)))
            Text(say("app.evidence." + keyName(device.evidenceLevel))).font(.footnote)
            if let since = device.enrolledSince {
                Text(say("app.device.since", ["since": .moment(since)])).font(.footnote)
            }
            if let seen = device.lastSeen {
                Text(say("app.device.seen", ["seen": .moment(seen)])).font(.footnote)
            }
            if !device.reasons.isEmpty {
                VStack(alignment: .leading) {
                    Text(say("app.device.why"))
                    ForEach(Array(device.reasons.enumerated()), id: \.offset) { _, reason in
                        Text(say("app.device.key." + keyName(reason.key))).font(.footnote).foregroundStyle(.secondary)
                        Text(words(reason.says)).font(.footnote)
                    }
                }
                .accessibilityElement(children: .combine)
            }
            DisclosureGroup(say("app.details.title"), isExpanded: $showsDetails) {
                Detail(name: say("app.details.device"), value: device.device)
                Detail(name: say("app.details.account"), value: account)
            }
        }
    }
}

/// Sets the lock's password: the payment PIN first, because the two must differ, then the new one twice.
struct LockPasswordView: View {
    @Environment(AppModel.self) private var model
    @Environment(\.dismiss) private var dismiss
    @State private var pin = PinEntry(length: PinLength.payment)
    @State private var password = PinEntry(length: PinLength.lock)
    @State private var typedPin: Digits?

    var body: some View {
        NavigationStack {
            List {
                Section {
                    if let typedPin {
                        Text(say("app.lock_password.body"))
                        NewPinPad(length: PinLength.lock, again: say("app.lock_password.again")) { chosen in
                            model.setLockPassword(typedPin, chosen) { dismiss() }
                            self.typedPin = nil
                        }
                    } else {
                        Text(say("ask.payment_pin.title"))
                        PinPad(entry: pin) { typedPin = $0 }
                    }
                }
                Section { Button(say("app.action.cancel")) { dismiss() } }
            }
            .navigationTitle(say("app.lock_password.choose"))
            .problem(of: model.work, when: true)
            // What was handed over is overwritten when it was used.
            .onDisappear { typedPin?.overwrite() }
        }
    }
}
