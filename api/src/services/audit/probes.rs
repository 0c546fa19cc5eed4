//! The checks, as SQL that both databases read alike. Each finds the rows that are at fault, as `structure_id` and `id`.

/// One check.
pub(super) struct Probe {
    /// What must hold.
    pub(super) name: &'static str,
    /// The kind of row whose `id` is found.
    pub(super) of: &'static str,
    /// Finds what is at fault; a limit follows it.
    pub(super) sql: &'static str,
}

/// How much was examined.
pub(super) const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM structure) AS structures,
    (SELECT COUNT(*) FROM campaign) AS campaigns, (SELECT COUNT(*) FROM message) AS messages";

/// Every check.
pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "every structure has one credit row",
        of: "structure",
        sql: "SELECT s.id AS structure_id, s.id AS id FROM structure s
            WHERE NOT EXISTS (SELECT 1 FROM credit c WHERE c.structure_id = s.id)",
    },
    Probe {
        name: "what was issued is available, reserved, spent or lost",
        of: "credit",
        sql: "SELECT structure_id, structure_id AS id FROM credit
            WHERE issued <> available + reserved + spent + operator_loss",
    },
    Probe {
        name: "the balances are the sums of the transfers",
        of: "credit",
        sql: "SELECT c.structure_id AS structure_id, c.structure_id AS id FROM credit c LEFT JOIN (
                SELECT structure_id,
                    SUM(CASE 'ISSUED' WHEN source THEN amount WHEN destination THEN -amount ELSE 0 END) AS issued,
                    SUM(CASE 'AVAILABLE' WHEN destination THEN amount WHEN source THEN -amount ELSE 0 END) AS available,
                    SUM(CASE 'RESERVED' WHEN destination THEN amount WHEN source THEN -amount ELSE 0 END) AS reserved,
                    SUM(CASE 'SPENT' WHEN destination THEN amount WHEN source THEN -amount ELSE 0 END) AS spent,
                    SUM(CASE 'OPERATOR_LOSS' WHEN destination THEN amount WHEN source THEN -amount ELSE 0 END) AS lost
                FROM transfer GROUP BY structure_id
            ) t ON t.structure_id = c.structure_id
            WHERE c.issued <> COALESCE(t.issued, 0) OR c.available <> COALESCE(t.available, 0)
                OR c.reserved <> COALESCE(t.reserved, 0) OR c.spent <> COALESCE(t.spent, 0)
                OR c.operator_loss <> COALESCE(t.lost, 0)",
    },
    Probe {
        name: "each kind of transfer goes its own way, of something",
        of: "transfer",
        sql: "SELECT structure_id, id FROM transfer WHERE amount <= 0 OR source = destination OR
            CASE kind
                WHEN 'TOP_UP' THEN source <> 'ISSUED' OR destination <> 'AVAILABLE' OR order_id IS NULL
                WHEN 'RESERVATION' THEN source <> 'AVAILABLE' OR destination <> 'RESERVED'
                WHEN 'CHARGE' THEN source <> 'RESERVED' OR destination <> 'SPENT'
                WHEN 'RELEASE' THEN source <> 'RESERVED' OR destination <> 'AVAILABLE'
                WHEN 'LOSS' THEN source <> 'ISSUED' OR destination <> 'OPERATOR_LOSS'
                WHEN 'ADJUSTMENT' THEN NOT (source = 'ISSUED' AND destination = 'AVAILABLE')
                    AND NOT (source = 'AVAILABLE' AND destination = 'ISSUED')
                ELSE 1 = 1
            END",
    },
    Probe {
        name: "a correction, and nothing else, names its author, and says why",
        of: "transfer",
        sql: "SELECT structure_id, id FROM transfer
            WHERE CASE WHEN kind = 'ADJUSTMENT' THEN COALESCE(operator, '') = '' OR COALESCE(note, '') = ''
                ELSE operator IS NOT NULL OR note IS NOT NULL END",
    },
    Probe {
        name: "an approved order gave its credit once, and no other gave any",
        of: "order",
        sql: "SELECT o.structure_id AS structure_id, o.id AS id FROM top_up_order o LEFT JOIN (
                SELECT order_id, COUNT(*) AS times, SUM(amount) AS amount FROM transfer
                WHERE kind = 'TOP_UP' GROUP BY order_id
            ) t ON t.order_id = o.id
            WHERE COALESCE(t.times, 0) <> CASE o.state WHEN 'APPROVED' THEN 1 ELSE 0 END
                OR COALESCE(t.amount, o.quantity) <> o.quantity",
    },
    Probe {
        name: "a balance is low exactly when it is at its threshold or below, and that was counted",
        of: "credit",
        sql: "SELECT structure_id, structure_id AS id FROM credit
            WHERE (low_since IS NOT NULL) <> (COALESCE(available <= low_at, 1 = 0))
                OR (low_since IS NOT NULL AND low_count = 0) OR low_told > low_count",
    },
    Probe {
        name: "no balance is negative",
        of: "credit",
        sql: "SELECT structure_id, structure_id AS id FROM credit
            WHERE issued < 0 OR available < 0 OR reserved < 0 OR spent < 0 OR operator_loss < 0",
    },
    Probe {
        name: "what was handed over is charged once, at its cost; after a write-off, to the operator",
        of: "message",
        sql: "SELECT m.structure_id AS structure_id, m.id AS id FROM message m LEFT JOIN (
                SELECT message_id,
                    SUM(CASE kind WHEN 'CHARGE' THEN 1 ELSE 0 END) AS charges,
                    SUM(CASE kind WHEN 'CHARGE' THEN amount ELSE 0 END) AS charged,
                    SUM(CASE kind WHEN 'RELEASE' THEN 1 ELSE 0 END) AS releases,
                    SUM(CASE kind WHEN 'LOSS' THEN 1 ELSE 0 END) AS losses,
                    SUM(CASE kind WHEN 'LOSS' THEN amount ELSE 0 END) AS lost
                FROM transfer WHERE message_id IS NOT NULL GROUP BY message_id
            ) t ON t.message_id = m.id
            WHERE m.state IN ('HANDED_OVER', 'DELIVERED', 'UNDELIVERED', 'NO_REPORT') AND NOT (
                (COALESCE(t.charges, 0) = 1 AND t.charged = m.cost AND t.releases = 0 AND t.losses = 0)
                OR (COALESCE(t.charges, 0) = 0 AND COALESCE(t.releases, 0) = 1 AND COALESCE(t.losses, 0) = 1
                    AND t.lost = m.cost))",
    },
    Probe {
        name: "what will not be handed over is released once, at its cost, and not charged",
        of: "message",
        sql: "SELECT m.structure_id AS structure_id, m.id AS id FROM message m LEFT JOIN (
                SELECT message_id, COUNT(*) AS transfers,
                    SUM(CASE kind WHEN 'RELEASE' THEN amount ELSE 0 END) AS released
                FROM transfer WHERE message_id IS NOT NULL GROUP BY message_id
            ) t ON t.message_id = m.id
            WHERE m.state IN ('REJECTED', 'SUPPRESSED', 'WRITTEN_OFF')
                AND (COALESCE(t.transfers, 0) <> 1 OR COALESCE(t.released, 0) <> m.cost)",
    },
    Probe {
        name: "what is not settled is neither charged nor released",
        of: "message",
        sql: "SELECT m.structure_id AS structure_id, m.id AS id FROM message m
            WHERE m.state IN ('QUEUED', 'SENDING', 'UNKNOWN')
                AND EXISTS (SELECT 1 FROM transfer t WHERE t.message_id = m.id)",
    },
    Probe {
        name: "a message's transfers name its own campaign",
        of: "transfer",
        sql: "SELECT t.structure_id AS structure_id, t.id AS id FROM transfer t
            INNER JOIN message m ON m.id = t.message_id
            WHERE t.structure_id <> m.structure_id OR t.campaign_id IS NULL OR t.campaign_id <> m.campaign_id",
    },
    Probe {
        name: "what is reserved is the cost of what is not settled",
        of: "credit",
        sql: "SELECT c.structure_id AS structure_id, c.structure_id AS id FROM credit c LEFT JOIN (
                SELECT structure_id, SUM(cost) AS held FROM message
                WHERE state IN ('QUEUED', 'SENDING', 'UNKNOWN') GROUP BY structure_id
            ) m ON m.structure_id = c.structure_id
            WHERE c.reserved <> COALESCE(m.held, 0)",
    },
    Probe {
        name: "a campaign costs what its messages cost, and that was reserved once",
        of: "campaign",
        sql: "SELECT c.structure_id AS structure_id, c.id AS id FROM campaign c
            LEFT JOIN (SELECT campaign_id, SUM(cost) AS cost FROM message GROUP BY campaign_id) m
                ON m.campaign_id = c.id
            LEFT JOIN (SELECT campaign_id, COUNT(*) AS times, SUM(amount) AS amount FROM transfer
                WHERE kind = 'RESERVATION' GROUP BY campaign_id) r ON r.campaign_id = c.id
            WHERE c.cost <> COALESCE(m.cost, 0) OR COALESCE(r.times, 0) <> 1 OR COALESCE(r.amount, 0) <> c.cost",
    },
    Probe {
        name: "a number is in a campaign once",
        of: "campaign",
        sql: "SELECT structure_id, campaign_id AS id FROM message
            GROUP BY structure_id, campaign_id, number_hash HAVING COUNT(*) > 1",
    },
    Probe {
        name: "nobody is left out of a campaign that writes to them",
        of: "campaign",
        sql: "SELECT DISTINCT e.structure_id AS structure_id, e.campaign_id AS id FROM campaign_exclusion e
            INNER JOIN message_person p ON p.structure_id = e.structure_id AND p.person_id = e.person_id
            INNER JOIN message m ON m.id = p.message_id AND m.campaign_id = e.campaign_id
            WHERE NOT (m.state = 'SUPPRESSED' AND COALESCE(m.reason, '') = 'RULE')",
    },
    Probe {
        name: "a campaign's progress adds up, and is that of its messages",
        of: "campaign",
        sql: "SELECT c.structure_id AS structure_id, c.id AS id FROM campaign c LEFT JOIN (
                SELECT campaign_id, COUNT(*) AS total,
                    SUM(CASE state WHEN 'QUEUED' THEN 1 ELSE 0 END) AS queued,
                    SUM(CASE state WHEN 'SENDING' THEN 1 ELSE 0 END) AS sending,
                    SUM(CASE state WHEN 'HANDED_OVER' THEN 1 ELSE 0 END) AS handed_over,
                    SUM(CASE state WHEN 'DELIVERED' THEN 1 ELSE 0 END) AS delivered,
                    SUM(CASE state WHEN 'UNDELIVERED' THEN 1 ELSE 0 END) AS undelivered,
                    SUM(CASE state WHEN 'NO_REPORT' THEN 1 ELSE 0 END) AS no_report,
                    SUM(CASE state WHEN 'REJECTED' THEN 1 ELSE 0 END) AS rejected,
                    SUM(CASE state WHEN 'SUPPRESSED' THEN 1 ELSE 0 END) AS suppressed,
                    SUM(CASE state WHEN 'UNKNOWN' THEN 1 ELSE 0 END) AS unknown,
                    SUM(CASE state WHEN 'WRITTEN_OFF' THEN 1 ELSE 0 END) AS written_off
                FROM message GROUP BY campaign_id
            ) m ON m.campaign_id = c.id
            WHERE c.total <> c.queued + c.sending + c.handed_over + c.delivered + c.undelivered + c.no_report
                    + c.rejected + c.suppressed + c.unknown + c.written_off
                OR c.total <> COALESCE(m.total, 0) OR c.queued <> COALESCE(m.queued, 0)
                OR c.sending <> COALESCE(m.sending, 0) OR c.handed_over <> COALESCE(m.handed_over, 0)
                OR c.delivered <> COALESCE(m.delivered, 0) OR c.undelivered <> COALESCE(m.undelivered, 0)
                OR c.no_report <> COALESCE(m.no_report, 0) OR c.rejected <> COALESCE(m.rejected, 0)
                OR c.suppressed <> COALESCE(m.suppressed, 0) OR c.unknown <> COALESCE(m.unknown, 0)
                OR c.written_off <> COALESCE(m.written_off, 0)",
    },
    Probe {
        name: "a campaign is completed or cancelled exactly when nothing of it is queued, sending or unknown",
        of: "campaign",
        sql: "SELECT c.structure_id AS structure_id, c.id AS id FROM campaign c
            WHERE (c.state IN ('COMPLETED', 'CANCELLED')) <> (NOT EXISTS (SELECT 1 FROM message m
                    WHERE m.structure_id = c.structure_id AND m.campaign_id = c.id
                        AND m.state IN ('QUEUED', 'SENDING', 'UNKNOWN')))
                OR (c.state IN ('COMPLETED', 'CANCELLED')) <> (c.completed_at IS NOT NULL)",
    },
    Probe {
        name: "a message is cancelled only with its campaign",
        of: "message",
        sql: "SELECT m.structure_id AS structure_id, m.id AS id FROM message m
            INNER JOIN campaign c ON c.id = m.campaign_id
            WHERE m.state = 'SUPPRESSED' AND m.reason = 'CANCELLED' AND c.state NOT IN ('CANCELLING', 'CANCELLED')",
    },
    Probe {
        name: "a campaign sent again names the first of its family",
        of: "campaign",
        sql: "SELECT c.structure_id AS structure_id, c.id AS id FROM campaign c
            LEFT JOIN campaign f ON f.structure_id = c.structure_id AND f.id = c.retry_of
            WHERE c.retry_of IS NOT NULL AND (f.id IS NULL OR f.id = c.id OR f.retry_of IS NOT NULL)",
    },
    Probe {
        name: "a message counts its attempts, and was not sent without one",
        of: "message",
        sql: "SELECT m.structure_id AS structure_id, m.id AS id FROM message m
            LEFT JOIN (SELECT message_id, COUNT(*) AS made FROM attempt GROUP BY message_id) a ON a.message_id = m.id
            WHERE m.attempts <> COALESCE(a.made, 0)
                OR (m.attempts = 0 AND m.state NOT IN ('QUEUED', 'SUPPRESSED'))",
    },
    Probe {
        name: "a message is accepted once at most, and attempted again only when it was proven not sent",
        of: "message",
        sql: "SELECT a.structure_id AS structure_id, a.message_id AS id FROM attempt a
            INNER JOIN message m ON m.id = a.message_id
            WHERE (a.outcome IS NULL OR a.outcome <> 'NOT_SENT') AND (a.number <> m.attempts OR m.state = 'QUEUED')",
    },
    Probe {
        name: "what is sending has an attempt under way, and nothing else has",
        of: "message",
        sql: "SELECT m.structure_id AS structure_id, m.id AS id FROM message m
            INNER JOIN attempt a ON a.message_id = m.id AND a.number = m.attempts
            WHERE (m.state = 'SENDING') <> (a.outcome IS NULL)",
    },
    Probe {
        name: "a message stands where its last attempt put it",
        of: "message",
        sql: "SELECT m.structure_id AS structure_id, m.id AS id FROM message m
            INNER JOIN attempt a ON a.message_id = m.id AND a.number = m.attempts
            WHERE a.outcome <> CASE
                WHEN m.state IN ('HANDED_OVER', 'DELIVERED', 'UNDELIVERED', 'NO_REPORT') THEN 'HANDED_OVER'
                WHEN m.state = 'REJECTED' THEN 'REJECTED'
                WHEN m.state IN ('UNKNOWN', 'WRITTEN_OFF') THEN 'UNKNOWN'
                ELSE 'NOT_SENT' END",
    },
    Probe {
        name: "the ledger's lines are those of the transfers",
        of: "ledger line",
        sql: "SELECT e.structure_id AS structure_id, e.id AS id FROM ledger_entry e LEFT JOIN (
                SELECT structure_id, kind, COALESCE(campaign_id, order_id, id) AS subject, SUM(amount) AS amount,
                    SUM(CASE 'AVAILABLE' WHEN destination THEN amount WHEN source THEN -amount ELSE 0 END) AS delta
                FROM transfer GROUP BY structure_id, kind, COALESCE(campaign_id, order_id, id)
            ) t ON t.structure_id = e.structure_id AND t.kind = e.reason
                AND t.subject = COALESCE(e.campaign_id, e.order_id, e.transfer_id)
            WHERE e.quantity <> COALESCE(t.amount, 0) OR e.delta <> COALESCE(t.delta, 0)",
    },
    Probe {
        name: "every transfer that concerns a structure is in its ledger",
        of: "transfer",
        sql: "SELECT t.structure_id AS structure_id, t.id AS id FROM transfer t LEFT JOIN ledger_entry e
                ON e.structure_id = t.structure_id AND e.reason = t.kind
                AND COALESCE(e.campaign_id, e.order_id, e.transfer_id) = COALESCE(t.campaign_id, t.order_id, t.id)
            WHERE t.kind <> 'LOSS' AND e.id IS NULL",
    },
    Probe {
        name: "the ledger's lines add up to the balance",
        of: "credit",
        sql: "SELECT c.structure_id AS structure_id, c.structure_id AS id FROM credit c LEFT JOIN (
                SELECT structure_id, SUM(delta) AS balance FROM ledger_entry GROUP BY structure_id
            ) e ON e.structure_id = c.structure_id
            WHERE c.available <> COALESCE(e.balance, 0)",
    },
    Probe {
        // Not the latest line: a clock may have been set back.
        name: "one of the ledger's lines tells the balance as it is",
        of: "credit",
        sql: "SELECT c.structure_id AS structure_id, c.structure_id AS id FROM credit c
            WHERE EXISTS (SELECT 1 FROM ledger_entry e WHERE e.structure_id = c.structure_id)
                AND NOT EXISTS (SELECT 1 FROM ledger_entry e
                    WHERE e.structure_id = c.structure_id AND e.balance_after = c.available)",
    },
    Probe {
        name: "of a rule one version is in force at most",
        of: "rule",
        sql: "SELECT structure_id, rule_id AS id FROM rule_version WHERE state = 'PUBLISHED'
            GROUP BY structure_id, rule_id HAVING COUNT(*) > 1",
    },
    Probe {
        name: "a rule without a version in force is off, and a retired one has none",
        of: "rule",
        sql: "SELECT r.structure_id AS structure_id, r.id AS id FROM rule r LEFT JOIN (
                SELECT rule_id, COUNT(*) AS published FROM rule_version WHERE state = 'PUBLISHED' GROUP BY rule_id
            ) v ON v.rule_id = r.id
            WHERE (v.published IS NULL AND r.state <> 'OFF') OR (v.published IS NOT NULL AND r.retired_at IS NOT NULL)",
    },
    Probe {
        name: "a rule in use has a version in force, or a draft that comes after those that were",
        of: "rule",
        sql: "SELECT r.structure_id AS structure_id, r.id AS id FROM rule r LEFT JOIN (
                SELECT rule_id, MAX(CASE state WHEN 'DRAFT' THEN number ELSE 0 END) AS draft,
                    MAX(CASE state WHEN 'SUPERSEDED' THEN number ELSE 0 END) AS superseded,
                    MAX(CASE state WHEN 'PUBLISHED' THEN 1 ELSE 0 END) AS published
                FROM rule_version GROUP BY rule_id
            ) v ON v.rule_id = r.id
            WHERE r.retired_at IS NULL
                AND (v.rule_id IS NULL OR (v.published = 0 AND v.draft <= v.superseded))",
    },
    Probe {
        name: "what is or was in force was put there by somebody of its structure, and the version in force is the latest of these",
        of: "rule version",
        sql: "SELECT v.structure_id AS structure_id, v.id AS id FROM rule_version v
            LEFT JOIN account a ON a.id = v.published_by AND a.structure_id = v.structure_id
            WHERE (v.state = 'DRAFT') <> (v.published_at IS NULL) OR (v.state = 'DRAFT') <> (a.id IS NULL)
                OR (v.state = 'PUBLISHED' AND EXISTS (SELECT 1 FROM rule_version s WHERE s.rule_id = v.rule_id
                    AND s.state = 'SUPERSEDED' AND s.number > v.number))",
    },
];
