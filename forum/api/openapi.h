// The OpenAPI 3.1 document, made from the table of endpoints and the shapes in openapi_components.json. What the
// dispatcher serves and what the document says therefore cannot differ in paths, methods, names and rights.
//
// Pure; the program makes the text once, at its start. Threads: any.
#pragma once

#include <span>
#include <string>

#include "forum/api/endpoint.h"

namespace forum {

std::string openapi_document(std::span<const Endpoint> endpoints);

Answer show_openapi(Service& service, const Call& call);

}  // namespace forum
