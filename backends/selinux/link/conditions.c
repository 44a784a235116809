#include "backends/selinux/link/conditions.h"

#include <sepol/policydb/conditional.h>

static void visit_rules(const cond_av_list_t* rules, int when_true, const struct macc_condition_visitor* visitor) {
  for (; rules != NULL; rules = rules->next)
    visitor->rule(visitor->state, when_true, &rules->node->key, &rules->node->datum);
}

void macc_visit_conditions(const policydb_t* policy, const struct macc_condition_visitor* visitor) {
  const cond_node_t* condition;
  const cond_expr_t* term;
  for (condition = policy->cond_list; condition != NULL; condition = condition->next) {
    visitor->begin(visitor->state);
    for (term = condition->expr; term != NULL; term = term->next)
      visitor->term(visitor->state, term->expr_type, term->bool);
    visit_rules(condition->true_list, 1, visitor);
    visit_rules(condition->false_list, 0, visitor);
  }
}

int macc_set_booleans(policydb_t* policy, int on) {
  uint32_t i;
  for (i = 0; i < policy->p_bools.nprim; ++i)
    if (policy->bool_val_to_struct[i] != NULL) policy->bool_val_to_struct[i]->state = on;
  return evaluate_conds(policy);
}

void macc_set_boolean(policydb_t* policy, const char* name, int on) {
  cond_bool_datum_t* boolean = hashtab_search(policy->p_bools.table, (char*)name);
  if (boolean != NULL) boolean->state = on;
}

int macc_apply_booleans(policydb_t* policy) { return evaluate_conds(policy); }
