using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.Master.Alerts;

/// <summary>What became of one request to a receiver.</summary>
/// <param name="Problem">Null: taken. Never holds the URL.</param>
/// <param name="Pointless">The receiver understood the request and does not want it: the same again would not help.</param>
internal sealed record SendOutcome(string? Problem, bool Pointless = false)
{
    public static readonly SendOutcome Taken = new(Problem: null);
}

/// <summary>One request each: to a webhook, or to Alertmanager's API v2 (POST /api/v2/alerts).</summary>
internal sealed class AlertSender(HttpMessageInvoker http, TimeProvider time)
{
    /// <summary>For everything: connection, request, answer. A receiver that hangs is one that is down.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Alertmanager takes an alert for over when it was not told again for so long; five repeats may get lost.</summary>
    public static readonly TimeSpan EndsAfter = TimeSpan.FromMinutes(6);

    public Task<SendOutcome> NotifyAsync(AlertReceiver receiver, string cluster, Alert alert, CancellationToken stop)
    {
        var status = alert.ResolvedAt is null ? "firing" : "resolved";
        var notice = new AlertNotice(alert.Number, status, cluster, alert);
        return PostAsync(
            receiver, new Uri(receiver.Url), JsonSerializer.SerializeToUtf8Bytes(notice, WireJson.Default.AlertNotice), stop);
    }

    /// <param name="alerts">All that fires or was resolved lately: it is idempotent.</param>
    public Task<SendOutcome> RepeatAsync(
        AlertReceiver receiver, string cluster, ImmutableArray<Alert> alerts, CancellationToken stop)
    {
        var url = new Uri(receiver.Url.TrimEnd('/') + "/api/v2/alerts");
        var ends = time.GetUtcNow() + EndsAfter;
        var body = alerts.Select(a => Foreign(cluster, a, a.ResolvedAt ?? ends)).ToImmutableArray();
        return PostAsync(
            receiver, url,
            JsonSerializer.SerializeToUtf8Bytes(body, AlertmanagerJson.Default.ImmutableArrayAlertmanagerAlert), stop);
    }

    /// <summary>Labels are the identity there: only what never changes of an alert may be one.</summary>
    private static AlertmanagerAlert Foreign(string cluster, Alert alert, DateTimeOffset ends)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["alertname"] = "Zurg" + alert.Kind,
            ["cluster"] = cluster,
            ["key"] = alert.Key,
        };
        Add("service", alert.Service?.Value);
        Add("instance_id", alert.Instance?.Value);
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["summary"] = alert.Text };
        if (alert.Mend is { } mend)
        {
            annotations["mend"] = mend;
        }

        if (alert.Host is { } host)
        {
            // Where an instance is may change while it crashes; what is about a host has the host in its key.
            (alert.Instance is null ? labels : annotations)["host"] = host.Value;
        }

        return new AlertmanagerAlert(labels, annotations, alert.FiredAt, ends);

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                labels[name] = value;
            }
        }
    }

    private async Task<SendOutcome> PostAsync(AlertReceiver receiver, Uri url, byte[] json, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(json) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            if (receiver.TokenFile is { } file)
            {
                var token = (await File.ReadAllTextAsync(file, either.Token)).Trim();
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            using var answer = await http.SendAsync(request, either.Token);
            return answer.IsSuccessStatusCode ? SendOutcome.Taken : new SendOutcome(
                string.Create(CultureInfo.InvariantCulture, $"it answered {(int)answer.StatusCode}"),
                Pointless: answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge
                    or HttpStatusCode.UnprocessableEntity);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new SendOutcome($"no answer within {Timeout.TotalSeconds} s");
        }
        catch (HttpRequestException e)
        {
            return new SendOutcome(e.HttpRequestError switch
            {
                HttpRequestError.NameResolutionError => "its name cannot be resolved",
                HttpRequestError.ConnectionError => "it cannot be reached",
                HttpRequestError.SecureConnectionError => "no TLS with it: its certificate is not trusted here",
                _ => "its answer was broken",
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return new SendOutcome($"the token file cannot be used: {e.Message}");
        }
    }
}
