// --overlay FILE of the verbs that read a configuration file.
#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_overlays(CLI::App& verb, std::vector<std::string>& overlays) {
    verb.add_option("--overlay", overlays,
                    "a document that is laid over the file (RFC 7396: objects by key, lists as a whole, null takes "
                    "away); may be repeated, later ones count")
        ->expected(1)
        ->take_all();
}

}  // namespace switchyard::control::cli
