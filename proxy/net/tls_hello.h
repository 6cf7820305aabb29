// A client's hello: whom it asks for, and by which policy it is answered.
//
// Invariants: the policy is the one that is in force when the hello is there, and stays: it outlives its snapshot.
// Threads: one worker. Owns: its share of the policy; the claims, once they were asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/base/client_claims.h"
#include "proxy/net/tls_policy.h"

namespace switchyard::net {

class TlsHello {
  public:
    TlsHello() = default;  // towards endpoints there is none
    explicit TlsHello(PolicyNow policy_now) : policy_now_(policy_now), policy_(policy_now()) {}

    // As the client wrote it; empty: it named no host.
    const std::string& server_name() const { return server_name_; }
    // By what it was asked who it is; null: the handshake did not come so far.
    const ClientCheck* client_check() const { return client_check_.get(); }
    // Put into words at the first call.
    const ClientClaims& claims(SSL* ssl) {
        if (!claims_) claims_ = std::make_unique<const ClientClaims>(client_claims(ssl));
        return *claims_;
    }
    // By what is in force now the client would be asked as it was, and the certificate that it has shown has not ended.
    bool client_still_stands(SSL* ssl) const;
    // It is an authority that was shown the proof it asked for.
    bool proved() const { return proved_; }

    // For the policy and its callbacks. Null: TLS is spoken no more.
    const TlsPolicy* policy() const { return policy_.get(); }
    std::shared_ptr<const TlsPolicy> go_by_policy_now();
    // What is shown to a client that asks for a proof (tls-alpn-01); null: to others, and where none is open.
    TlsBook::Identity note_server_name(std::string_view name, bool asks_for_proof = false);
    void note_client_check(std::shared_ptr<const ClientCheck> check) { client_check_ = std::move(check); }

  private:
    PolicyNow policy_now_;
    std::shared_ptr<const TlsPolicy> policy_;
    std::shared_ptr<const ClientCheck> client_check_;
    std::unique_ptr<const ClientClaims> claims_;
    std::string server_name_;
    bool proved_ = false;
};

}  // namespace switchyard::net
