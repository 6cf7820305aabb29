// Signed calls to one authority: nonces, and whom it is believed.
//
// A nonce comes with each answer and is used once. One that is refused (badNonce) is nothing to tell of: the call is
// made again with the one that came with the refusal, at most kMostRefused times.
// Threads: that of its executor. Errors: a Reply with status 0 and words. After the destructor nothing is called.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/acme/jws.h"
#include "control/acme/order.h"
#include "control/net/http_client.h"

namespace switchyard::control::acme {

class DirectoryClient {
  public:
    static constexpr unsigned kMostRefused = 30;
    static constexpr std::chrono::seconds kLimit{30};  // of one call
    static constexpr std::size_t kLargestAnswer = 1 << 20;

    using Done = std::function<void(Reply)>;
    // `now`: seconds since 1970, for a Retry-After that names a date.
    DirectoryClient(boost::asio::any_io_executor executor, std::string ca_file, AccountKey key,
                    std::function<std::int64_t()> now);

    void get(const std::string& url, Done done);
    // `by`: the account's URL; empty: the key itself.
    void post(const std::string& url, const std::string& by, std::optional<nlohmann::ordered_json> payload, Done done);
    // Where nonces come from when none is left.
    void nonces_from(const std::string& url) { new_nonce_ = url; }
    const AccountKey& key() const { return key_; }

  private:
    struct Call {
        std::string url, by;
        std::optional<nlohmann::ordered_json> payload;
        Done done;
        unsigned refused = 0;
    };
    void ask(const std::string& url, net::HttpCall call, std::function<void(net::HttpAnswer)> done);
    void send(const std::shared_ptr<Call>& call);
    Reply reply_of(net::HttpAnswer answer) const;

    const boost::asio::any_io_executor executor_;
    const std::string ca_file_;
    const AccountKey key_;
    const std::function<std::int64_t()> now_;
    std::string new_nonce_;
    std::vector<std::string> nonces_;
    std::map<std::string, std::unique_ptr<net::HttpClient>> clients_;  // by "https://host:port"
};

}  // namespace switchyard::control::acme
