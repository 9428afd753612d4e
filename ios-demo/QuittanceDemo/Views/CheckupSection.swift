import Quittance
import SwiftUI

/// What is worth a look, in groups; in each what was found, or that there is nothing to do.
struct CheckupSection: View {
    @Environment(AppModel.self) private var model

    private struct Part {
        let title: String
        let findings: [String]
    }

    var body: some View {
        Section(say("app.checkup.title")) {
            ForEach(parts, id: \.title) { part in
                VStack(alignment: .leading) {
                    Text(part.title).font(.headline)
                    if part.findings.isEmpty {
                        Label(say("app.checkup.fine"), systemImage: "checkmark.circle").font(.subheadline)
                    } else {
                        Text(say("app.checkup.findings", ["count": count(part.findings.count)])).font(.subheadline)
                        ForEach(part.findings, id: \.self) {
                            Label($0, systemImage: "exclamationmark.triangle").font(.subheadline)
                        }
                    }
                }
                .accessibilityElement(children: .combine)
            }
        }
    }

    private var parts: [Part] {
        [
            Part(title: say("app.checkup.payment"), findings: payment),
            Part(title: say("app.checkup.environment"), findings: environment),
            Part(title: say("app.checkup.account"), findings: account),
        ]
    }

    private var payment: [String] {
        let permissions = model.permissions?.permissions ?? []
        let unasked = permissions.filter { $0.systemDefault && $0.group != .ended }.count
        let unaskedText = say("app.checkup.switched_on_without_you", ["count": count(unasked)])
        return (unasked > 0 ? [unaskedText] : [])
            + (permissions.contains(where: \.stale) ? [say("app.checkup.stale")] : [])
    }

    private var environment: [String] {
        let isSoftware = model.enrolment?.keyStore == .software
        return (isSoftware ? [say("app.checkup.software_keys")] : [])
            + (model.evidence.isEmpty ? [] : [say("app.checkup.contradiction")])
    }

    private var account: [String] {
        model.stopping?.lockPasswordSet == false ? [say("app.checkup.no_lock_password")] : []
    }
}
