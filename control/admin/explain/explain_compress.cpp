#include "control/admin/explain/explain_compress.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/text/size.h"
#include "proxy/compress/fitness.h"

namespace switchyard::control {

void tell_compression(nlohmann::ordered_json& out, std::vector<std::string>& why, const config::Compress& compress,
                      const route::Asked& asked) {
    std::vector<std::string_view> offered;
    for (const auto encoding : compress.encodings) offered.push_back(word(encoding));
    const auto wanted = compress::wanted_by(compress, asked.facts.base, asked.head);
    if (!wanted)
        return why.push_back(
            fmt::format("its Accept-Encoding likes none of {} better than none: its answer is not "
                        "compressed",
                        fmt::join(offered, ", ")));
    out["encoding"] = word(*wanted);
    why.push_back(
        fmt::format("its answer is compressed with {} where it is of one of the route's types and not known to "
                    "be smaller than {}",
                    word(*wanted), config::size_text(compress.min_size)));
}

}  // namespace switchyard::control
