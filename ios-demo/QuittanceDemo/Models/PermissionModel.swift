import Foundation
import Observation
import Quittance

/// One permission with its history, and the ways to stop it.
@MainActor @Observable final class PermissionModel {
    private(set) var detail: PermissionDetail?
    private(set) var routes: [CancellationRoute] = []
    /// The two halves of what pays, for the page of details.
    private(set) var halves: Mandate?
    private(set) var problem: Problem?
    let mandate: String

    init(mandate: String) {
        self.mandate = mandate
    }

    /// Reads it from the phone, then asks the gateway for newer charges; without a network the older ones stay.
    func load(_ wallet: (any WalletProtocol)?) async {
        guard let wallet else { return }
        do {
            try await read(wallet)
            do { try await wallet.refreshHistory(mandate: mandate) } catch WalletError.Offline { return }
            try await read(wallet)
        } catch {
            problem = Problem(error)
        }
    }

    private func read(_ wallet: any WalletProtocol) async throws {
        detail = try await wallet.permission(mandate: mandate)
        halves = try await wallet.mandate(mandate: mandate)
        routes = try await wallet.cancellationRoutes(mandate: mandate)
    }
}

/// One receipt with the files that prove it.
@MainActor @Observable final class ReceiptModel {
    private(set) var exported: ExportedReceipt?
    /// What checking it once more came to; absent until the payer asks for it.
    private(set) var verdict: ReceiptVerdict?
    private(set) var problem: Problem?
    let order: String

    init(order: String) {
        self.order = order
    }

    func load(_ wallet: (any WalletProtocol)?) async {
        do {
            exported = try await wallet?.exportReceipt(order: order)
        } catch {
            problem = Problem(error)
        }
    }

    /// Checks it once more; it needs no network.
    func check(_ wallet: any WalletProtocol) async throws {
        verdict = try await wallet.verifyReceipt(order: order)
    }
}
