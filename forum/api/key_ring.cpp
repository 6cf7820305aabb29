#include "forum/api/key_ring.h"

#include <utility>

#include "forum/store/sessions.h"

namespace forum {

namespace {
constexpr Instant kRereadAfter = 10 * kSecond;
constexpr Instant kRereadUnknownAfter = kSecond;
}  // namespace

KeyRing::KeyRing(Store& store) : store_(store) {
    store_.writer.run([](Connection& connection) {
        if (signing_keys(connection, now()).empty()) rotate_signing_key(connection, now(), 0);
    });
}

KeyRing::Keys KeyRing::keys(Instant older_than) {
    const Instant at = now();
    {
        const std::lock_guard guard(mutex_);
        if (keys_ && at - read_at_ < older_than) return keys_;
    }
    auto fresh = std::make_shared<const std::vector<SigningKey>>(
        store_.readers.with([&](Connection& connection) { return signing_keys(connection, at); }));
    const std::lock_guard guard(mutex_);
    keys_ = std::move(fresh);
    read_at_ = at;
    return keys_;
}

SigningKey KeyRing::newest() {
    return keys(kRereadAfter)->at(0);
}

std::vector<SigningKey> KeyRing::all() {
    return *keys(kRereadAfter);
}

std::optional<SigningKey> KeyRing::named(std::string_view kid) {
    for (const Instant age : {kRereadAfter, kRereadUnknownAfter}) {
        const Keys known = keys(age);
        for (const SigningKey& key : *known) {
            if (key.kid == kid) return key;
        }
    }
    return std::nullopt;
}

SigningKey KeyRing::rotate(Instant overlap) {
    SigningKey fresh;
    store_.writer.run([&](Connection& connection) { fresh = rotate_signing_key(connection, now(), overlap); });
    (void)keys(0);
    return fresh;
}

}  // namespace forum
