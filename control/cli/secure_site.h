// `switchyard run --tls HOST --to ADDRESS`: the configuration of one secure site, for an operator who has none yet.
//
// Threads: any; blocks on the disk. Errors: sentences about the arguments.
#pragma once

#include <string>
#include <vector>

namespace switchyard::control::cli {

struct SecureSite {
    std::vector<std::string> hosts;
    std::vector<std::string> endpoints;
    std::string email, directory = "letsencrypt", ca;
    std::string http = "0.0.0.0:80", https = "0.0.0.0:443", admin = "127.0.0.1:9900";
    bool terms_accepted = false;
};

// Where state is kept when no argument says: what systemd gives (STATE_DIRECTORY), else ./state.
std::string usual_state_dir();

// Its configuration as a document, and what is wrong with the arguments; no complaint: it can be run.
std::string document_of(const SecureSite& site, const std::string& state_dir, std::vector<std::string>& complaints);
// In the state directory, replaced as a whole; the path. Empty, and `why`.
std::string write_site(const std::string& document, const std::string& state_dir, std::string& why);

}  // namespace switchyard::control::cli
