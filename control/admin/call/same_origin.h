// Whether a browser that asks is at the dashboard's own page, by the name that the operator means.
//
// A page of another site can make a browser ask here: then Origin and Sec-Fetch-Site tell whose page it is. It can
// also let its own name lead here (DNS rebinding), and is the same origin then: so in plain HTTP only names are taken
// that no other site can have – addresses, localhost, and the name that the API is bound to. Under TLS the browser has
// seen to the name itself. Pure.
#pragma once

#include <optional>

#include "config/model/process.h"
#include "control/admin/call/message.h"

namespace switchyard::control {

// For the page and its files, which a link elsewhere may lead to.
std::optional<Problem> foreign_host(const AdminRequest& request, const config::Admin& admin);
// For what a page calls.
std::optional<Problem> foreign_page(const AdminRequest& request, const config::Admin& admin);

}  // namespace switchyard::control
