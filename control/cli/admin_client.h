// A call to the admin API, as the verbs make it.
//
// Where: --admin URL, else SWITCHYARD_ADMIN, else <state_dir>/admin.address, else, where no state
//   directory was named, http://127.0.0.1:9900.
// Token: SWITCHYARD_TOKEN, else --token-file, else <state_dir>/admin.token.
// Errors: without an answer the status is 0, without a call kNotCalled; the reason is in `text`.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace switchyard::control::cli {

using Json = nlohmann::ordered_json;

struct ClientSettings {
    std::string admin;
    std::string token_file;
    std::string state_dir;         // empty: SWITCHYARD_STATE_DIR, else /var/lib/switchyard
    std::string ca_file;           // for https: the certificate to trust; empty: the system's
    std::string certificate, key;  // for https: who calls, instead of a token; empty: a token says
};

struct ClientAnswer {
    static constexpr int kNotCalled = -1;  // something that the call needs is missing here
    int status = 0;
    std::string text;
    Json json;  // null when the answer was not JSON
    bool done() const { return status >= 200 && status < 300 && status != 202; }
};

class AdminClient {
  public:
    explicit AdminClient(const ClientSettings& settings);

    ClientAnswer call(const std::string& method, const std::string& path, const std::string& body = "",
                      const std::map<std::string, std::string>& headers = {}) const;
    // Reads a stream until it ends or `take` returns false.
    ClientAnswer stream(const std::string& path, const std::map<std::string, std::string>& headers,
                        const std::function<bool(std::string_view)>& take) const;
    const std::string& url() const { return url_; }

  private:
    ClientAnswer answered(int status, const std::string& body) const;

    std::string url_;
    std::string token_;
    std::string token_from_;  // where it was found, or why none was
    std::string no_address_;  // why the process that was named by its state is not found
    std::string no_token_;    // why the one that was asked for is not there
    std::string ca_file_, certificate_, key_;
};

// For a path segment: an endpoint's address holds ':' and may hold '/'.
std::string path_segment(std::string_view text);

}  // namespace switchyard::control::cli
