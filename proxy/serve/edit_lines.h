// The header lines that a route adds, with what belongs to this request filled in; and the trailers that it lets pass.
//
// Pure over what it reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/head_writer.h"
#include "proxy/serve/head_sources.h"

namespace switchyard::serve {

void write_edits(http::HeadWriter& to, const route::Edits& edits, const HeadSources& from);

// A head of the proxy's own as its route edits it. `plain`: with its empty line, and what may stand behind it.
void write_edited(http::HeadWriter& to, std::string_view plain, const HeadSources& from);

// The line that announces these trailers, if there are any.
void write_announcement(http::HeadWriter& to, const std::vector<std::string>& trailers);

}  // namespace switchyard::serve
