import Foundation
import Quittance
import SwiftUI

/// Other limits for a permission, as the payer types them. What follows from them is shown by the flow.
struct LimitsView: View {
    @Environment(AppModel.self) private var model
    @Environment(\.dismiss) private var dismiss
    @State private var perCharge = ""
    @State private var perPeriod = ""
    let permission: Permission

    private var limits: Limits { permission.terms.limits }

    var body: some View {
        NavigationStack {
            List {
                Section {
                    field("app.terms.per_charge", limits.perCharge, $perCharge)
                    field("app.terms.per_period", limits.perPeriod, $perPeriod)
                }
                Section {
                    Button(say("app.action.continue")) { begin() }
                        .buttonStyle(.borderedProminent)
                        .disabled(wanted == nil)
                        .accessibilityIdentifier("change")
                    Button(say("app.action.cancel")) { dismiss() }
                }
            }
            .navigationTitle(say("app.action.change_limits"))
        }
    }

    @ViewBuilder private func field(_ key: String, _ now: Money, _ text: Binding<String>) -> some View {
        let label = say(key, ["amount": .amount(now), "days": count(limits.periodDays)])
        Text(label).accessibilityHidden(true)
        TextField(now.currency, text: text)
            .monospacedDigit()
            .accessibilityLabel(label)
    }

    private func begin() {
        guard let wanted else { return }
        model.begin("mandate.change_limits", [permission.mandate], wish: .changeLimits(limits: wanted))
        dismiss()
    }

    private var wanted: Limits? { limits.with(perCharge: perCharge, perPeriod: perPeriod) }
}
