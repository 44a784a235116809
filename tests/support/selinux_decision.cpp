#include "tests/support/selinux_decision.h"

#include <doctest/doctest.h>
#include <sepol/debug.h>
#include <sepol/policydb/policydb.h>
#include <sepol/policydb/services.h>
#include <sepol/policydb/sidtab.h>

#include <cstdlib>
#include <optional>
#include <vector>

namespace macc::test {

struct SecurityServer::Data {
  policydb_t policy{};
  sidtab_t sids{};

  static std::optional<sepol_security_id_t> sid(const std::string& context) {
    sepol_security_id_t id = 0;
    if (sepol_context_to_sid(context.c_str(), context.size() + 1, &id) != 0) return std::nullopt;
    return id;
  }
};

SecurityServer::SecurityServer(const std::string& image) : data_(std::make_unique<Data>()) {
  sepol_debug(0);
  std::vector<char> bytes(image.begin(), image.end());
  policy_file_t file;
  policy_file_init(&file);
  file.type = PF_USE_MEMORY;
  file.data = bytes.data();
  file.len = bytes.size();
  REQUIRE(policydb_init(&data_->policy) == 0);
  REQUIRE(policydb_read(&data_->policy, &file, 0) == 0);
  REQUIRE(sepol_sidtab_init(&data_->sids) == 0);
  REQUIRE(sepol_set_policydb(&data_->policy) == 0);
  REQUIRE(sepol_set_sidtab(&data_->sids) == 0);
}

SecurityServer::~SecurityServer() {
  sepol_set_policydb(nullptr);
  sepol_set_sidtab(nullptr);
  sepol_sidtab_destroy(&data_->sids);
  policydb_destroy(&data_->policy);
}

bool SecurityServer::valid(const std::string& context) const { return Data::sid(context).has_value(); }

bool SecurityServer::allows(const std::string& source, const std::string& target, const std::string& class_name,
                            const std::string& permission) const {
  const auto from = Data::sid(source), to = Data::sid(target);
  sepol_security_class_t class_value = 0;
  sepol_access_vector_t wanted = 0;
  if (!from || !to || sepol_string_to_security_class(class_name.c_str(), &class_value) != 0 ||
      sepol_string_to_av_perm(class_value, permission.c_str(), &wanted) != 0)
    return false;
  sepol_av_decision decision{};
  return sepol_compute_av(*from, *to, class_value, wanted, &decision) == 0 && (decision.allowed & wanted) == wanted;
}

std::string SecurityServer::after_exec(const std::string& source, const std::string& file) const {
  const auto from = Data::sid(source), to = Data::sid(file);
  sepol_security_class_t process = 0;
  if (!from || !to || sepol_string_to_security_class("process", &process) != 0) return "";
  sepol_security_id_t result = 0;
  if (sepol_transition_sid(*from, *to, process, &result) != 0) return "";
  sepol_security_context_t text = nullptr;
  std::size_t length = 0;
  if (sepol_sid_to_context(result, &text, &length) != 0) return "";
  std::string context(text);
  std::free(text);
  return context;
}

}  // namespace macc::test
