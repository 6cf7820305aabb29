// One certificate on its way: what is asked of the authority next, and what follows from its answers (RFC 8555 §7).
//
// directory → account → order → each authorization → challenges open everywhere → the authority is told → it has looked
// → finalize → issued → downloaded. A pure machine: events in, one act out; who signs, sends, sleeps and publishes
// stands around it.
// Invariants: the authority is told of a challenge only after `opened`; nothing is finalized before every name is
//   proven; every way ends, at the latest after kMostSteps acts, with `keep` or `give_up`; after that there is none.
// Threads: any. Errors: what the authority said, in its own words, with what was being done.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::control::acme {

// What an answer was, as the machine needs it.
struct Reply {
    unsigned status = 0;  // 0: there was none, `body` says why
    std::string body;
    std::string location = {};
    std::chrono::seconds retry_after{0};  // 0: it said nothing
};

struct OpenChallenge {
    std::string host, type, token, url;
    bool operator==(const OpenChallenge&) const = default;
};

// Why there is no certificate.
struct Refusal {
    enum class Kind : std::uint8_t {
        unreachable,   // the authority is not there, or has trouble of its own: again soon
        refused,       // it has looked and says no: the operator has to do something first
        rate_limited,  // too many have been asked for: again when it says
    };
    Kind kind = Kind::refused;
    std::string why;
    std::chrono::seconds retry_after{0};
    bool operator==(const Refusal&) const = default;
};

class Order {
  public:
    static constexpr unsigned kMostSteps = 1'000;  // a hundred names, asked after twenty times each, take fewer
    static constexpr unsigned kMostLooks = 60;     // at an authorization or an order that is being worked on

    struct Wish {
        std::vector<std::string> names;
        std::string email;
        bool http = true, alpn = true;  // challenges that a listener can answer
        bool bound = false;             // an account binding will be added to newAccount
        std::string replaces = {};      // renewal_id of the one that it follows
    };
    enum class Act : std::uint8_t {
        none,
        get,       // `url`, as it is
        post_key,  // `url`, signed by the key itself
        post,      // `url`, signed as `account`
        open,      // `challenges`, and then opened()
        wait,      // `pause`, and then waited()
        finalize,  // `url`, as post; the payload is {"csr": …} of a new key
        keep,      // `chain`, with the key of the request
        give_up,   // `refusal`
    };
    enum class State : std::uint8_t {
        directory,
        account,
        order,
        authorizations,
        opening,
        telling,
        proving,
        ready,
        finalizing,
        issuing,
        download,
        kept,
        failed,
    };
    struct Step {
        Act act = Act::none;
        std::string url = {};
        std::optional<nlohmann::ordered_json> payload = {};  // none: POST-as-GET
        std::vector<OpenChallenge> challenges = {};
        std::chrono::seconds pause{0};
        std::string chain = {};
        Refusal refusal = {};
    };

    Order(Wish wish, std::string directory_url);

    // What is to be done first; then, after each act, what follows from how it went. An event that is not waited for
    // changes nothing.
    Step begin();
    Step replied(const Reply& reply);
    Step opened();
    Step waited();

    State state() const { return state_; }
    bool over() const { return state_ == State::kept || state_ == State::failed; }
    const std::string& account() const { return account_; }
    const std::string& new_nonce() const { return new_nonce_; }
    const std::string& renewal_info() const { return renewal_info_; }
    // The states it went through, with what led there.
    const std::vector<std::string>& biography() const { return biography_; }

  private:
    using Json = nlohmann::json;
    struct Authorization {
        std::string url, host;
        OpenChallenge challenge;  // none: it is proven already
        bool proven = false;
    };

    Step go(State state, Step step);
    Step give_up(Refusal::Kind kind, std::string why, std::chrono::seconds retry_after = std::chrono::seconds{0});
    Step refused_by(const Reply& reply, const Json& body);
    Step odd(const std::string& what);
    Step pause(State state, std::chrono::seconds asked);
    Step fetch(State state, const std::string& url);

    Step took_directory(const Json& body);
    Step took_account(const Reply& reply);
    Step ask_for_order();
    Step took_order(const Reply& reply, const Json& body);
    Step next_authorization();
    Step took_authorization(const Json& body);
    Step tell_next();
    Step look_at_next();
    Step took_proof(const Json& body, std::chrono::seconds retry_after);
    Step follow_order(const Json& body, std::chrono::seconds retry_after);
    std::string choose(const Json& body, Authorization& into) const;

    Wish wish_;
    const std::string directory_url_;
    State state_ = State::directory;
    Act awaited_ = Act::none;  // what an event has to answer
    std::string account_, new_nonce_, new_account_, new_order_, renewal_info_;
    std::string order_url_, finalize_url_, certificate_url_;
    std::vector<Authorization> authorizations_;
    std::size_t at_ = 0;  // of authorizations_: the one that is asked for, told of, looked at
    unsigned looks_ = 0, steps_ = 0;
    std::vector<std::string> biography_;
};

const char* word(Order::State state);
const char* word(Refusal::Kind kind);

}  // namespace switchyard::control::acme
