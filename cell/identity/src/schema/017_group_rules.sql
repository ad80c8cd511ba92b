-- Whether somebody is in a group by a decision of their own, and not by a rule alone. An older release knows no other.
ALTER TABLE group_members ADD COLUMN by_hand BIGINT NOT NULL DEFAULT 1;

-- Of each org that has ever had a rule: drawn anew whenever a rule is switched or changed. Whoever evaluates rules holds
-- the row, so that nobody is evaluated by rules that another transaction is switching.
CREATE TABLE group_rule_sets (
    org_id TEXT PRIMARY KEY,
    stamp TEXT NOT NULL
);

CREATE TABLE group_rules (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    status TEXT NOT NULL,
    expression TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, name_key)
);
CREATE INDEX group_rules_by_status ON group_rules (org_id, status, id);

-- The groups that a rule fills.
CREATE TABLE group_rule_targets (
    org_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (org_id, rule_id, group_id)
);
CREATE INDEX group_rule_targets_by_group ON group_rule_targets (org_id, group_id, rule_id);

-- Who is never put in by a rule.
CREATE TABLE group_rule_exclusions (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id, rule_id)
);
CREATE INDEX group_rule_exclusions_by_rule ON group_rule_exclusions (org_id, rule_id, user_id);

-- Who is in which group by which rule: a membership that is not by hand lasts as long as one of these does.
CREATE TABLE group_rule_members (
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (org_id, user_id, rule_id, group_id)
);
CREATE INDEX group_rule_members_by_rule ON group_rule_members (org_id, rule_id, user_id, group_id);
CREATE INDEX group_rule_members_by_group ON group_rule_members (org_id, group_id, user_id);

-- Rules that are being applied to everybody, or taken back: how far each is. One page is one transaction, which moves the
-- place and is undone if it was moved by another.
CREATE TABLE group_rule_passes (
    org_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    stamp TEXT NOT NULL,
    place TEXT NOT NULL,
    changed BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, rule_id)
);
CREATE INDEX group_rule_passes_by_due ON group_rule_passes (due_at, org_id, rule_id);
