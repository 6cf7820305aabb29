#include "config/nginx_import/tls_import.h"

#include <algorithm>
#include <array>
#include <set>

#include "config/model.h"
#include "config/model/limits.h"
#include "config/nginx_import/known.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {
namespace {

constexpr std::array kTlsDirectives{
    KnownDirective{"ssl", kUnneeded, "the listener has tls"},
    KnownDirective{"ssl_protocols", kUnneeded, "see tls.min_version of the listener"},
    KnownDirective{"ssl_ciphers", kChanged,
                   "the usual ones are offered instead (Mozilla's intermediate list); see tls.ciphers of the listener"},
    KnownDirective{"ssl_prefer_server_ciphers", kUnneeded, "all ciphers are good, and the order is Switchyard's own"},
    KnownDirective{"ssl_session_cache", kUnneeded, "tickets do what the cache is for"},
    KnownDirective{"ssl_session_timeout", kUnneeded, kOwn},
    KnownDirective{"ssl_session_tickets", kUnneeded, "tickets are given out under keys that change every 12 hours"},
    KnownDirective{"ssl_session_ticket_key", kChanged,
                   "keys of tickets are Switchyard's own: tickets are not known to other machines"},
    KnownDirective{"ssl_dhparam", kUnneeded, "key exchange is by elliptic curves"},
    KnownDirective{"ssl_ecdh_curve", kUnneeded, "X25519, P-256 and P-384"},
    KnownDirective{"ssl_buffer_size", kUnneeded, kOwn},
    KnownDirective{"ssl_early_data", kLost, "early data can be replayed, and is not taken"},
    KnownDirective{"ssl_stapling", kChanged, "no OCSP answer is stapled; most authorities have ended OCSP"},
    KnownDirective{"ssl_stapling_verify", kUnneeded, "no OCSP answer is stapled"},
    KnownDirective{"ssl_stapling_file", kChanged, "no OCSP answer is stapled"},
    KnownDirective{"ssl_stapling_responder", kUnneeded, "no OCSP answer is stapled"},
    KnownDirective{"ssl_reject_handshake", kUnneeded, "is strict_sni of the listener"},
    KnownDirective{"ssl_client_certificate", kUnneeded, "is client.ca of the listener, where clients are asked"},
    KnownDirective{"ssl_crl", kUnneeded, "is client.crl of the listener, where clients are asked"},
    KnownDirective{"ssl_verify_depth", kUnneeded, "is client.depth of the listener, where clients are asked"},
    KnownDirective{"ssl_handshake_timeout", kUnneeded, "see tls.handshake_timeout of the listener"},
};

bool says_on(const Directive& directive) {
    return directive.arg(0) == "on";
}

}  // namespace

bool ServerTls::knows(std::string_view name) {
    return name == "ssl_certificate" || name == "ssl_certificate_key" ||
           std::ranges::find(kTlsDirectives, name, &KnownDirective::name) != kTlsDirectives.end();
}

ServerTls ServerTls::under(const std::vector<Directive>& block) const {
    ServerTls own;
    for (const Directive& directive : block) {
        if (directive.name == "ssl_certificate")
            own.chains_.push_back(&directive);
        else if (directive.name == "ssl_certificate_key")
            own.keys_.push_back(&directive);
        else if (knows(directive.name))
            own.others_.push_back(&directive);
        if (directive.name == "ssl") own.on_ = says_on(directive);
        if (directive.name == "ssl_verify_client") own.verify_ = &directive;
    }
    if (own.chains_.empty()) own.chains_ = chains_;
    if (own.keys_.empty()) own.keys_ = keys_;
    if (own.verify_ == nullptr) own.verify_ = verify_;
    for (const Directive* around : others_)
        if (std::ranges::none_of(own.others_, [&](const Directive* d) { return d->name == around->name; }))
            own.others_.push_back(around);
    own.on_ = own.on_ || (on_ && std::ranges::none_of(block, [](const Directive& d) { return d.name == "ssl"; }));
    return own;
}

bool ServerTls::can_be_carried() const {
    const auto file = [](const Directive* directive) { return file_in("/", directive).has_value(); };
    return !chains_.empty() && chains_.size() == keys_.size() && std::ranges::all_of(chains_, file) &&
           std::ranges::all_of(keys_, file);
}

const Directive* ServerTls::find(std::string_view name) const {
    const auto found = std::ranges::find(others_, name, &Directive::name);
    return found == others_.end() ? nullptr : *found;
}

std::optional<ClientCertificates> ServerTls::client(const std::filesystem::path& folder) const {
    ClientCertificates out;
    if (verify_ == nullptr || verify_->arg(0) == "off") return out;
    const auto ca = file_in(folder, find("ssl_client_certificate"));
    if ((verify_->arg(0) != "on" && verify_->arg(0) != "optional") || !ca) return std::nullopt;
    out.mode = verify_->arg(0) == "on" ? "required" : "optional";
    out.ca = *ca;
    if (const Directive* crl = find("ssl_crl")) {
        const auto file = file_in(folder, crl);
        if (!file) return std::nullopt;
        out.crl = *file;
    }
    if (const Directive* depth = find("ssl_verify_depth")) {
        const auto number = number_value(depth->arg(0));
        if (!number || *number > limits::kCertificateDepth) return std::nullopt;
        out.depth = *number;
    }
    return out;
}

void ServerTls::into(Model& model, Listener& listener, bool is_default, const std::string& wish,
                     const std::filesystem::path& folder) const {
    if (!listener.tls) listener.tls.emplace();
    auto& tls = *listener.tls;
    for (std::size_t i = 0; i < chains_.size(); ++i) {
        const Certificate certificate{*file_in(folder, chains_[i]), *file_in(folder, keys_[i])};
        std::set<std::string> taken;
        std::string name;
        for (const auto& [known, other] : model.certificates) {
            taken.insert(known);
            if (other == certificate) name = known;
        }
        if (name.empty()) name = fresh_name(wish.starts_with("*.") ? wish.substr(2) : wish, taken);
        model.certificates[name] = certificate;
        if (std::ranges::find(tls.certificates, name) == tls.certificates.end()) tls.certificates.push_back(name);
        if (is_default && i == 0) tls.by_default = name;
    }
    for (const Directive* directive : others_) {
        if (directive->name == "ssl_reject_handshake" && is_default) tls.strict_sni = says_on(*directive);
        if (directive->name == "ssl_protocols" && is_default)
            tls.min_version = directive->args == std::vector<std::string>{"TLSv1.3"} ? "1.3" : "1.2";
    }
}

void ServerTls::note(Notes& notes) const {
    for (const Directive* directive : others_) {
        const auto& entry = *std::ranges::find(kTlsDirectives, directive->name, &KnownDirective::name);
        const bool old = directive->name == "ssl_protocols" &&
                         std::ranges::any_of(directive->args,
                                             [](const auto& word) { return word != "TLSv1.2" && word != "TLSv1.3"; });
        if (old)
            notes.changed(*directive, "TLS 1.2 and 1.3 are spoken, and nothing older");
        else if (entry.kind == kUnneeded || directive->arg(0) == "off")
            notes.unneeded(*directive, std::string(entry.advice));
        else
            notes.add({directive->file, directive->line, directive->written(), std::string(entry.advice), entry.kind});
    }
}

}  // namespace switchyard::config::nginx
