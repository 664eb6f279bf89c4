using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;

namespace Zurg.Agent.Local;

/// <summary>GET /metrics: the agent's, its host's and its instances' numbers in Prometheus' text format.</summary>
internal static class GetMetrics
{
    public static void Map(IEndpointRouteBuilder routes, Func<string> metrics) =>
        routes.MapGet("/metrics", (RequestDelegate)(async http =>
        {
            try
            {
                var text = Encoding.UTF8.GetBytes(metrics());
                http.Response.ContentType = MetricPage.ContentType;
                http.Response.ContentLength = text.Length;
                await http.Response.Body.WriteAsync(text, http.RequestAborted);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                await LocalAnswers.ProblemAsync(
                    http, StatusCodes.Status503ServiceUnavailable, "the host cannot be read", e.Message, http.RequestAborted);
            }
        }));
}
