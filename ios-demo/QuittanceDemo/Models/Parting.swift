import Quittance

/// What a wallet left that is about to be erased, as far as it still could.
struct Parting: Equatable {
    /// Whether the gateway knows that everything which the wallet allowed is stopped.
    let isTold: Bool
    /// The proofs of what ended, each with its annex, which alone says whose end it is: they are on this phone alone.
    let receipts: [String]
    /// Whether one of them could not be read.
    let isUnread: Bool

    /// Whether the payer has to know of it before the wallet goes.
    var isNews: Bool { !isTold || isUnread || !receipts.isEmpty }

    /// Stops everything, tells the gateway, takes the receipts along. None of it asks for a finger; nothing where the phone
    /// was never set up.
    init?(_ wallet: any WalletProtocol) async {
        guard (try? await wallet.enrolment()) != nil else { return nil }
        do {
            try await wallet.stop(scope: .everything)
            let report = try await wallet.sync()
            isTold = report.online && report.waiting == 0
        } catch {
            isTold = false
        }
        let known = try? await wallet.receipts()
        var receipts: [String] = []
        for receipt in known ?? [] {
            let exported = try? await wallet.exportReceipt(order: receipt.order)
            // Once the keys are erased, these alone show that the phone signed its part.
            let files = exported.map { [$0.receipt, $0.annexJson, $0.jwks] }
            if let files { receipts.append(files.joined(separator: "\n")) }
        }
        self.receipts = receipts
        isUnread = receipts.count != known?.count
    }
}
