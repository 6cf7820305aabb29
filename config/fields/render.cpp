#include "config/fields/render.h"

#include "config/fields/fields_process.h"
#include "config/fields/fields_route.h"
#include "config/fields/fields_upstream.h"
#include "config/fields/member_writer.h"

namespace switchyard::config {

nlohmann::ordered_json render(const Model& model, Secrets secrets) {
    return MemberWriter(secrets, Defaults::leave_out).write(model, Field{});
}

std::string render_text(const Model& model, Secrets secrets) {
    constexpr int kIndent = 2;
    // A valid model is valid UTF-8; for any other the text must still come out.
    return render(model, secrets).dump(kIndent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace switchyard::config
