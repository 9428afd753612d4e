import Foundation
import Quittance

/// Limits as the payer types them.
extension Limits {
    /// The limits with what was typed; nothing where it is no amount.
    func with(perCharge: String, perPeriod: String, _ manner: Manner = .current) -> Limits? {
        let (charge, period) = (
            money(perCharge, self.perCharge, manner), money(perPeriod, self.perPeriod, manner)
        )
        guard let charge, let period else { return nil }
        return Limits(
            perCharge: charge, perPeriod: period, periodDays: periodDays, total: total,
            chargesPerPeriod: chargesPerPeriod, charges: charges, exact: exact)
    }

    /// An empty field keeps what is.
    private func money(_ typed: String, _ now: Money, _ manner: Manner) -> Money? {
        let words = typed.trimmingCharacters(in: .whitespaces)
        if words.isEmpty { return now }
        return manner.minor(of: words, now.currency).map { Money(minor: $0, currency: now.currency) }
    }
}
