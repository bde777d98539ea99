-- Of the running clocks three in ten are broken with every level fired, one in twenty is due soon, the others are due in the weeks to
-- come: for half a day after the making no level fires, so that a sweep with nothing due can be measured.
CREATE TEMPORARY TABLE promised AS
SELECT
    handed.*,
    n <= %(open_clocks)s AS running,
    fate < 0.3 AS breached,
    n <= %(open_clocks)s AND fate >= 0.3 AND fate < 0.35 AS soon,
    CASE
        WHEN n > %(open_clocks)s THEN %(now)s - interval '1 day' - interval '150 days' * span
        WHEN fate < 0.3 THEN %(now)s - interval '2 hours' - interval '10 days' * span
        WHEN fate < 0.35 THEN %(now)s - interval '1 day' - interval '12 hours' * span
        ELSE %(now)s - interval '12 hours' * span
    END AS started_at,
    CASE
        WHEN n > %(open_clocks)s OR fate < 0.3 THEN interval '5 minutes'
        WHEN fate < 0.35 THEN interval '3 days'
        ELSE interval '24 hours' + interval '30 days' * answer
    END AS promise
FROM handed;

ANALYZE promised;
