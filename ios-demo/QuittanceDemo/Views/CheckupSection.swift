import Quittance
import SwiftUI

/// What is worth a look, in the groups that the wallet found it in; each finding with what can be done about it.
struct CheckupSection: View {
    let parts: [CheckupPart]

    var body: some View {
        Section(say("app.checkup.title")) {
            ForEach(parts, id: \.group) { part in
                VStack(alignment: .leading) {
                    Text(words(part.name)).font(.headline)
                    if part.findings.isEmpty {
                        Label(say("app.checkup.fine"), systemImage: "checkmark.circle").font(.subheadline)
                    } else {
                        Text(say("app.checkup.findings", ["count": count(part.findings.count)])).font(.subheadline)
                    }
                }
                .accessibilityElement(children: .combine)
                ForEach(part.findings, id: \.says.key) { FindingRow(finding: $0) }
            }
        }
    }
}

/// One finding; a remedy that this app has no page for is left to the words.
private struct FindingRow: View {
    @Environment(AppModel.self) private var model
    @Environment(\.openURL) private var openURL
    let finding: CheckupFinding

    var body: some View {
        VStack(alignment: .leading) {
            Label(words(finding.says), systemImage: "exclamationmark.triangle").font(.subheadline)
            if let (label, act) = remedy {
                Button(say(label), action: act)
                    .buttonStyle(.bordered)
                    .disabled(model.work.isBusy)
                    .accessibilityIdentifier("remedy-" + keyName(finding.kind))
            }
        }
    }

    private var remedy: (label: String, act: @MainActor @Sendable () -> Void)? {
        switch finding.remedy {
        case .setLockPassword: ("app.action.set_password", { model.setsLockPassword = true })
        case .seePermissions: ("app.tab.permissions", { model.tab = .permissions })
        case .seeRecovery: ("app.tab.recovery", { model.tab = .recovery })
        case .sync: ("app.action.refresh", { model.sync() })
        case .openPhoneSettings:
            ("app.action.open_settings", { URL(string: "app-settings:").map { openURL($0) } })
        case .setUpAgain: ("app.action.set_up_again", { model.offerSettingUp(.quarantined) })
        case .contactSupport, nil: nil
        }
    }
}
